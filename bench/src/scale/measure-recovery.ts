/** How long nobody acts after the leader has been killed. */
import { until } from '@warren/runtime/testing'
import type { World } from '../world.ts'
import { startScaleCluster } from './cluster.ts'
import { createGenerator } from './generator.ts'
import { startRecorder } from './recorder.ts'

const INSTANCES = 20
const WITHIN_MS = 120_000

/**
 * A standby waits with full caches, as it does in a cluster; what is applied just after the kill has to wait for it.
 * @returns ms from the kill to the pod of that instance
 */
export async function measureRecovery(world: World): Promise<number> {
  const cluster = await startScaleCluster(world, { flags: [], env: {} })
  const recorder = startRecorder(cluster.client, cluster.namespace)
  try {
    const generator = createGenerator(cluster.client, cluster.namespace, recorder)
    const leader = await cluster.startOperator('first')
    await until(leader.leads, { timeoutMs: WITHIN_MS, everyMs: 100, describe: 'a leader' })
    const standby = await cluster.startOperator('second')
    await recorder.complete(await generator.burst(INSTANCES), WITHIN_MS)
    if (!(await leader.leads())) throw new Error('the leader changed before it was killed')
    const killed = performance.now()
    leader.program.child.kill('SIGKILL')
    const [name = ''] = await generator.burst(1)
    await Promise.race([recorder.pod(name, WITHIN_MS), standby.program.died, cluster.died])
    return performance.now() - killed
  } finally {
    recorder.stop()
    await cluster.stop()
  }
}
