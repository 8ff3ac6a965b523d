import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { exists } from './exists.ts'

/**
 * Fills a folder of the cache, once for all processes that want it; when it is there, returns at once. `fill` is given an empty folder
 * beside it, which takes the wanted name when it is complete, so that a killed process leaves nothing half-done behind.
 *
 * @param longestMs no filling takes longer: process ids are used again, so a living holder of the lock need not be the one that locked
 */
export async function makeOnce(
  folder: string,
  longestMs: number,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  if (await exists(folder)) return
  await mkdir(dirname(folder), { recursive: true })
  const unlock = await lock(`${folder}.lock`, longestMs)
  try {
    if (await exists(folder)) return
    await removeUnfinished(dirname(folder), `${basename(folder)}.part-`)
    const unfinished = await mkdtemp(`${folder}.part-`)
    try {
      await fill(unfinished)
      await rename(unfinished, folder)
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  } finally {
    await unlock()
  }
}

/**
 * Lets one process work while the others wait. It only saves work: the final rename alone keeps the result whole, so taking over the
 * lock of a dead process need not be free of races.
 */
async function lock(file: string, longestMs: number): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const handle = await open(file, 'wx')
      await handle.writeFile(String(process.pid))
      await handle.close()
      return () => rm(file, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''))
    const since = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    )
    const abandoned = Date.now() - since > longestMs || (holder !== 0 && !isAlive(holder))
    if (abandoned) await rm(file, { force: true })
    else await delay(100)
  }
}

/** What killed processes have left; whoever holds the lock knows that none is at work. */
async function removeUnfinished(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
