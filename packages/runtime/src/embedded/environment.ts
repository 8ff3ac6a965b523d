import { homedir } from 'node:os'
import { join } from 'node:path'

/** The variables of the process that decide which service is used; pass `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A data service that is ready for use. */
export type EmbeddedService = {
  uri: string
  /** What serves, for people: `MONGODB_URI`, the path of the program, or the package and version. */
  origin: string
  /** Ends the server and waits for it; does nothing for a service that was given. Idempotent. */
  stop(): Promise<void>
}

export type EmbeddedOptions = {
  /** Where data and the server's log live. Made when missing. One server at a time. */
  dataDir: string
  env: Environment
  /** Where fetched programs live; by default `defaultCacheDir(env)`. */
  cacheDir?: string
  /** Called with one line for a person, for things that take more than a second. */
  onProgress?: (line: string) => void
}

/** `$WARREN_CACHE`, else `$XDG_CACHE_HOME/warren`, else `~/.cache/warren`. */
export function defaultCacheDir(env: Environment): string {
  return env.WARREN_CACHE || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'warren')
}
