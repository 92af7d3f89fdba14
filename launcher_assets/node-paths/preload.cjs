'use strict'
// Remembers where Node found every CommonJS module, so that the next start of the same program need not look again:
// a Medusa asks the file system tens of thousands of times for that. rxlaunch preloads this (`node --require`) into a
// unit's main process and names the file in RXLAUNCH_NODE_PATHS; the children of that process are left alone.
//
// What is remembered is used only while every directory that was searched, and every package.json that was read, has
// the time (and size) it had; else all of it is forgotten and learned anew. Nothing here may ever fail a start.

const fs = require('node:fs')
const path = require('node:path')
const Module = require('node:module')

const VERSION = 1
const LEARNED_AFTER_MS = Number(process.env.RXLAUNCH_NODE_PATHS_AFTER_MS ?? 15_000) // by then a server is loaded
const AT_ONCE = 50

/** How a file or directory looks: its time of change, for files with the size; 0 for what isn't there. */
function look (place) {
  let found
  try {
    found = fs.statSync(place, { throwIfNoEntry: false })
  } catch (error) {
    if (error.code !== 'ENOTDIR') throw error // a file where a directory was asked for
  }
  if (found === undefined) return 0
  return found.isDirectory() ? found.mtimeMs : `${found.mtimeMs}:${found.size}`
}

/** The directories from `top` down to `place`, both included; `place` alone where it isn't below. */
function between (top, place) {
  const found = [place]
  while (place !== top && place.startsWith(top + path.sep)) found.push(place = path.dirname(place))
  return found
}

/** Everything that had a say in where one request led. `key` is Node's: the request and the directories to search. */
function witnesses (key, file) {
  const [request, ...searched] = key.split('\0')
  const found = []
  if (searched.length === 0 || path.isAbsolute(request) || /^\.\.?(\/|\\|$)/.test(request)) {
    const base = path.resolve(searched[0] ?? '', request)
    found.push(...between(path.dirname(base), path.dirname(file)), path.dirname(base))
    if (base !== file) found.push(base, path.join(base, 'package.json'))
    return found
  }
  const parts = request.split('/')
  const name = parts.slice(0, request.startsWith('@') ? 2 : 1).join('/')
  for (const directory of searched) {
    const home = path.join(directory, name)
    if (look(home) === 0) { // whatever appears there changes the innermost directory that exists
      let above = path.dirname(home)
      while (look(above) === 0) above = path.dirname(above)
      found.push(above)
      continue
    }
    const asked = path.dirname(path.join(home, ...parts.slice(name.split('/').length)))
    found.push(directory, path.dirname(home), path.join(home, 'package.json'), ...between(home, asked))
    const real = fs.realpathSync(home)
    found.push(...between(real, path.dirname(file)))
    if (file.startsWith(real + path.sep)) break
  }
  return found
}

/** What modules depend on besides files. Taken before anything of it is changed. */
const HERE = JSON.stringify([
  VERSION, process.version, process.cwd(), process.execArgv, process.env.NODE_OPTIONS, process.env.NODE_PATH,
  process.env.NODE_PRESERVE_SYMLINKS
])

/** What the file tells, if it is about this very Node and all is as it was; else null. */
function recall (file) {
  let kept
  try {
    kept = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return null
  }
  if (kept?.here !== HERE) return null
  for (const place in kept.seen) if (look(place) !== kept.seen[place]) return null
  return kept
}

/** Write down what is known now; nothing if a directory changed while we ran, since what we know may be older. */
async function remember (file, started) {
  const paths = {}
  const seen = {}
  let count = 0
  for (const [key, found] of Object.entries(Module._pathCache)) {
    if (!found || !path.isAbsolute(found)) continue
    if (++count % AT_ONCE === 0) await new Promise(setImmediate) // requests are answered in between
    paths[key] = found
    for (const place of witnesses(key, found)) {
      if (place in seen) continue
      const seenNow = look(place)
      if (seenNow === 0) continue // were it to appear, the directory it would be in, a witness too, would change
      if (parseFloat(seenNow) >= started) return
      seen[place] = seenNow
    }
  }
  const draft = `${file}.${process.pid}`
  fs.writeFileSync(draft, JSON.stringify({ here: HERE, paths, seen }), { mode: 0o600 })
  fs.renameSync(draft, file)
}

/** Our children shall not write into the same file. */
function leaveChildrenAlone () {
  delete process.env.RXLAUNCH_NODE_PATHS
  const others = (process.env.NODE_OPTIONS ?? '').replace(/\s*--require "[^"]*node-paths\/preload\.cjs"/, '')
  if (others) process.env.NODE_OPTIONS = others
  else delete process.env.NODE_OPTIONS
}

function begin () {
  const file = process.env.RXLAUNCH_NODE_PATHS
  leaveChildrenAlone()
  if (!file || !Module._pathCache) return
  const kept = recall(file)
  if (kept !== null) {
    Object.assign(Module._pathCache, kept.paths)
    return
  }
  const started = performance.timeOrigin
  setTimeout(() => remember(file, started).catch(() => {}), LEARNED_AFTER_MS).unref()
}

try {
  begin()
} catch {}
