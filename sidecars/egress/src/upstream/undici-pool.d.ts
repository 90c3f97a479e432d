// The package's index loads fetch, caches and WebSockets too, which costs a sidecar a third of its start.
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';
  const PoolClass: typeof Pool;
  export default PoolClass;
}
