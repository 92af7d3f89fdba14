export default function NotFound() {
  return <h1>There is nothing at this address</h1>
}
