// Runs Valkey (compiled to WebAssembly) on 127.0.0.1: `node --no-warnings server.mjs PORT`. In memory only.
import { fileURLToPath } from 'node:url'
import { ValkeyServer } from './valkey-server.mjs'

const MOST_STEPS = 4096 // in one go, so that a busy client cannot starve the others

class Server extends ValkeyServer {
  // As shipped, what a step leaves over (and with it most replies) waits for the next 100 ms tick.
  pump() {
    let steps = 0
    do {
      this.step()
      this.step()
    } while (++steps < MOST_STEPS && !this.closed && this.unread())
  }

  unread() {
    return [...this.socks.values()].some((socket) => socket.chunks.length && !socket.backpressured)
  }

  scheduleStep() {
    if (this.stepScheduled || this.closed) return
    this.stepScheduled = true
    setImmediate(() => {
      this.stepScheduled = false
      this.pump()
    })
  }

  // As shipped, a port that is taken is only printed, and the process lives on without a listener.
  hostImports() {
    const imports = super.hostImports()
    const listen = imports.listen
    imports.listen = (fd, port) => {
      const result = listen(fd, port)
      this.listeners.get(fd).server.on('error', () => process.exit(1))
      return result
    }
    return imports
  }
}

const wasmPath = fileURLToPath(new URL('./valkey.wasm', import.meta.url))
const server = new Server({ port: Number(process.argv[2]), wasmPath })
for (const signal of ['SIGTERM', 'SIGINT', 'SIGBREAK']) {
  process.on(signal, async () => {
    await server.stop()
    process.exit(0)
  })
}
await server.start()
