import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** The first of the `names` that can be run from one of the `folders` (a PATH string or a list). */
export async function findExecutable(
  names: readonly string[],
  folders: string | readonly string[] | undefined,
): Promise<string | undefined> {
  const list = typeof folders === 'string' ? folders.split(delimiter) : (folders ?? [])
  for (const name of names) {
    for (const folder of list.filter(Boolean)) {
      const file = join(folder, name)
      const runnable = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (runnable) return file
    }
  }
  return undefined
}
