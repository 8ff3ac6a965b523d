/**
 * `npm run test:cluster`: starts a real cluster, runs the tests of this folder in its network, and removes it. `-- --keep` leaves it
 * running to be looked at; `-- --if-possible` succeeds with one line where the machine does not allow a cluster.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { inNetwork, startCluster, stopCluster } from './support/cluster.ts'
import { installPackages, obstacle } from './support/requirements.ts'

const NODES = 2
const why = obstacle() ?? (await packagesMissing())
if (why) {
  console.log(`The tests on a real cluster do not run on this machine: ${why}`)
  process.exitCode = process.argv.includes('--if-possible') ? 0 : 1
} else process.exitCode = await test()

/** A machine that may not install packages is one that has no cluster, like one without namespaces. */
async function packagesMissing(): Promise<string | undefined> {
  return installPackages((line) => console.log(`  ${line}`)).then(
    () => undefined,
    (error) => (error as Error).message,
  )
}

async function test(): Promise<number> {
  const cluster = await startCluster(NODES, (line) => console.log(`  ${line}`))
  try {
    const files = globSync('*.cluster.ts', { cwd: import.meta.dirname }).map(
      (file) => `${import.meta.dirname}/${file}`,
    )
    const how = ['--test', '--test-reporter=spec', '--test-timeout=1800000']
    const { command, args, env } = inNetwork(cluster, [process.execPath, ...how, ...files])
    const child = spawn(command, args, {
      env: { ...env, WARREN_NEXT_IMAGE_TAG: cluster.images.nextTag },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
    return await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)))
  } finally {
    if (process.argv.includes('--keep')) console.log('  The cluster runs on: node test/cluster/enter.ts')
    else await stopCluster()
  }
}
