/** Keys of the servers a person signed in to, in a file that only that person can read. */
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError, EXIT } from '../../errors.ts'

/** `current` is used where no server is named. */
export type Credentials = {
  readonly current?: string
  readonly servers: Readonly<Record<string, { token: string }>>
}

/** Where they are kept: below `XDG_CONFIG_HOME`, or `~/.config`. */
export function credentialsFile(env: Readonly<Record<string, string | undefined>>, home: string): string {
  return join(env.XDG_CONFIG_HOME || join(home, '.config'), 'warren', 'credentials.json')
}

/** @throws CliError when others can read the file, or it is damaged */
export async function readCredentials(file: string): Promise<Credentials> {
  let text: string
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0)
      throw new CliError(EXIT.denied, `${file} holds a key and can be read by others.`, {
        hint: `chmod 600 ${file}`,
      })
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { servers: {} }
    throw error
  }
  try {
    const { current, servers } = JSON.parse(text) as Partial<Credentials>
    return { ...(current === undefined ? {} : { current }), servers: servers ?? {} }
  } catch (cause) {
    throw new CliError(EXIT.failed, `${file} is damaged.`, { hint: 'Remove it and sign in again.', cause })
  }
}

/** Replaces the file in one step; it never exists with other rights. */
export async function writeCredentials(file: string, credentials: Credentials): Promise<void> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(credentials, undefined, 2)}\n`, { mode: 0o600, flag: 'w' })
  await chmod(draft, 0o600)
  await rename(draft, file)
}
