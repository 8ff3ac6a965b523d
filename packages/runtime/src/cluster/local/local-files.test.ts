/** The folder of YAML files as kubectl. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FINALIZER, isWarrenError } from '@warren/contracts'
import { silentLogger } from '../../logger/index.ts'
import { tempDir, until } from '../../testing/index.ts'
import { createLocalCluster } from './local-cluster.ts'

const SALES = `# The sales team's number.
apiVersion: warren.dev/v1alpha1
kind: WhatsAppInstance
metadata:
  name: sales
spec:
  organization: acme # the tenant
  pairing:
`
const other = (name: string) => SALES.replace('name: sales', `name: ${name}`)
const manifest = (name: string) => ({
  apiVersion: 'warren.dev/v1alpha1' as const,
  kind: 'WhatsAppInstance' as const,
  metadata: { name },
  spec: { organization: 'acme' },
})
const key = (name: string) => ({ namespace: 'default', name })

async function started(t: TestContext, root = tempDir(t)) {
  const dir = join(root, 'instances')
  mkdirSync(dir, { recursive: true })
  const problems: (string | undefined)[] = []
  const make = async () => {
    const cluster = createLocalCluster({
      dir,
      stateDir: join(root, 'state'),
      logsDir: join(root, 'logs'),
      logger: silentLogger,
      onProblem: (_file, problem) => problems.push(problem),
    })
    await cluster.start()
    t.after(() => cluster.stop())
    return cluster
  }
  const write = (file: string, text: string) => writeFileSync(join(dir, file), text)
  const read = (file: string) => readFileSync(join(dir, file), 'utf8')
  return { cluster: await make(), make, dir, write, read, problems }
}

test('writing, editing and deleting a file is applying, editing and deleting', async (t) => {
  const { cluster, dir, write } = await started(t)
  write('sales.yaml', SALES)
  const created = await until(() => cluster.instances.get(key('sales')))
  assert.equal(created.spec.pairing.maxAttempts, 3)
  write('sales.yaml', `${SALES}    maxAttempts: 5\n`)
  await until(async () => (await cluster.instances.get(key('sales')))?.spec.pairing.maxAttempts === 5)
  const edited = await cluster.instances.get(key('sales'))
  assert.equal(edited?.metadata.generation, 2)
  assert.equal(edited.metadata.uid, created.metadata.uid)
  rmSync(join(dir, 'sales.yaml'))
  await until(async () => (await cluster.instances.get(key('sales'))) === undefined)
})

test('a mistake is one sentence with file, field and limit, disturbs nobody, and goes away when solved', async (t) => {
  const { cluster, dir, write, read, problems } = await started(t)
  write('sales.yaml', SALES)
  write('good.yaml', other('good'))
  await until(async () => (await cluster.instances.list()).items.length === 2)
  write('sales.yaml', `${SALES}    maxAttempts: 9\n`)
  await until(() => problems.length === 1)
  assert.equal(problems[0], 'sales.yaml: spec.pairing.maxAttempts must be at most 6, not 9')
  assert.equal(read('sales.yaml.error'), `${problems[0]}\n`)
  write('sales.yaml', `${SALES}  x: [1\n`)
  await until(() => problems.length === 2)
  assert.match(problems[1] ?? '', /^sales\.yaml: line \d+, column \d+: /)
  write('sales.yaml', '')
  await until(() => problems.length === 3)
  assert.equal((await cluster.instances.get(key('sales')))?.spec.pairing.maxAttempts, 3, 'it stays as it was')
  await assert.rejects(
    cluster.instances.patch(key('sales'), { spec: { displayName: 'x' } }),
    (error) => isWarrenError(error, 'conflict') && /sales\.yaml cannot be changed/.test(error.message),
  )
  write('sales.yaml', SALES)
  await until(() => problems.length === 4)
  assert.equal(existsSync(join(dir, 'sales.yaml.error')), false)
  write('copy.yaml', other('good'))
  await until(() => problems.length === 5)
  assert.equal(problems[4], 'copy.yaml: the instance good is in good.yaml already; that one counts')
  write('twice.yaml', `${other('twice')}---\n${other('twice')}`)
  await until(() => problems.length === 6)
  assert.equal(
    problems[5],
    'twice.yaml (twice): the instance twice is in this file twice; the first one counts',
  )
})

test('a file that cannot be understood or applied is told, and all others go on, also at the next start', async (t) => {
  const { cluster, make, write, problems } = await started(t)
  const bomb = [
    'a: &a [x]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c]',
  ]
  write('alias.yaml', 'a: *nope\n')
  write('bomb.yaml', `${bomb.join('\n')}\n`)
  write('long.yaml', other('n'.repeat(240)))
  write('z.yaml', SALES)
  await cluster.rescan()
  assert.ok(await cluster.instances.get(key('sales')))
  assert.deepEqual(problems, [
    'alias.yaml: Unresolved alias (the anchor must be set before the alias): nope',
    'bomb.yaml: Excessive alias count indicates a resource exhaustion attack',
    'long.yaml: metadata.name must be at most 160 characters long',
  ])
  await cluster.instances.create(manifest('over-rest'))
  await cluster.stop()
  const second = await make()
  assert.equal((await second.instances.list()).items.length, 2)
})

test('what could not be kept is tried again although its file did not change', async (t) => {
  const { cluster, dir, problems } = await started(t)
  // A folder in the way of its state, as a full disk would be.
  const status = join(dir, '.status', 'default.sales.yaml')
  mkdirSync(status)
  writeFileSync(join(dir, 'sales.yaml'), SALES)
  await cluster.rescan()
  assert.match(problems[0] ?? '', /^sales\.yaml: E[A-Z]+: /)
  rmSync(status, { recursive: true })
  await cluster.rescan()
  assert.ok(await cluster.instances.get(key('sales')))
  assert.equal(problems[1], undefined)
})

test('a typing error in a name is no deletion', async (t) => {
  const { cluster, write, problems } = await started(t)
  write('all.yaml', `${SALES}---\n${other('ops')}`)
  await cluster.rescan()
  const uid = async () => (await cluster.instances.get(key('sales')))?.metadata.uid
  const before = await uid()
  for (const wrong of ['nmae: sales', 'name: Sales', 'name: sales\n  namespce: a', 'name: 5']) {
    write('all.yaml', `${SALES.replace('name: sales', wrong)}---\n${other('ops')}`)
    await cluster.rescan()
    assert.equal(await uid(), before, wrong)
    assert.match(problems.at(-1) ?? '', /^all\.yaml.*metadata/, wrong)
  }
  write('all.yaml', other('ops'))
  await cluster.rescan()
  assert.equal(await uid(), undefined, 'what was taken out of a file in order is deleted')
})

test('a file may hold several resources, and the API edits just its own, keeping comments', async (t) => {
  const { cluster, write, read, dir } = await started(t)
  const text = [SALES, other('support'), other('ops')].join('---\n')
  write('all.yaml', text)
  await until(async () => (await cluster.instances.list()).items.length === 3)
  await cluster.instances.patch(key('support'), {
    spec: { displayName: 'Support', pairing: { method: 'Code', phoneNumber: '4915112345678' } },
    annotations: { 'example.com/a': 'b' },
  })
  await cluster.instances.delete(key('sales'))
  const pairing = '  pairing:\n    method: Code\n    phoneNumber: "4915112345678"\n  displayName: Support\n'
  const support = other('support')
    .replace('  name: support\n', '  name: support\n  annotations:\n    example.com/a: b\n')
    .replace('  pairing:\n', pairing)
  assert.equal(read('all.yaml'), `${support}---\n${other('ops')}`)
  await cluster.rescan()
  assert.equal((await cluster.instances.get(key('support')))?.metadata.generation, 2)
  await cluster.instances.delete(key('support'))
  await cluster.instances.delete(key('ops'))
  assert.equal(existsSync(join(dir, 'all.yaml')), false)
})

test('status, identity and an unfinished deletion outlive a restart', async (t) => {
  const { cluster, make, dir, write, read } = await started(t)
  write('sales.yaml', SALES)
  write('gone.yaml', other('gone'))
  const sales = await until(() => cluster.instances.get(key('sales')))
  const gone = await until(() => cluster.instances.get(key('gone')))
  await cluster.instances.updateStatus(key('sales'), { phase: 'Pairing' }, sales.metadata)
  await cluster.instances.setFinalizers(key('gone'), [FINALIZER], gone.metadata)
  assert.match(read('.status/default.sales.yaml'), /phase: Pairing/)
  await cluster.stop()
  rmSync(join(dir, 'gone.yaml'))
  write('sales.yaml.error', 'of a run before')
  const second = await make()
  assert.equal(existsSync(join(dir, 'sales.yaml.error')), false)
  const again = await second.instances.get(key('sales'))
  assert.equal(again?.metadata.uid, sales.metadata.uid)
  assert.equal(again.status?.phase, 'Pairing')
  const ending = await second.instances.get(key('gone'))
  assert.ok(ending?.metadata.deletionTimestamp, 'what was deleted while nobody looked is deleted now')
  // Written again while the deletion runs: a new instance follows the old one.
  write('gone.yaml', other('gone'))
  await second.rescan()
  await second.instances.setFinalizers(key('gone'), [], ending.metadata)
  const reborn = await until(() => second.instances.get(key('gone')))
  assert.notEqual(reborn.metadata.uid, gone.metadata.uid)
})

test('an instance of the API is a file that a person can read', async (t) => {
  const { cluster, read } = await started(t)
  await cluster.instances.create(manifest('sales'))
  const text =
    'apiVersion: warren.dev/v1alpha1\nkind: WhatsAppInstance\nmetadata:\n  name: sales\nspec:\n  organization: acme\n'
  assert.equal(read('sales.yaml'), text)
})

test('renaming a file, or moving a resource to another, is no deletion', async (t) => {
  const { cluster, dir, write } = await started(t)
  write('a.yaml', SALES)
  write('m.yaml', other('ops'))
  const created = await until(() => cluster.instances.get(key('sales')))
  const same = async () => (await cluster.instances.get(key('sales')))?.metadata
  renameSync(join(dir, 'a.yaml'), join(dir, 'z.yaml'))
  await cluster.rescan()
  assert.deepEqual(await same(), created.metadata)
  for (const [from, to] of [
    ['z.yaml', 'm.yaml'],
    ['m.yaml', 'z.yaml'],
  ] as const) {
    write(from, other('ops'))
    write(to, SALES)
    await cluster.rescan()
    assert.deepEqual(await same(), created.metadata, `${from} to ${to}`)
    assert.equal((await cluster.instances.list()).items.length, 2)
  }
  // And the API still edits where it is now.
  await cluster.instances.patch(key('sales'), { spec: { displayName: 'Moved' } })
  assert.match(readFileSync(join(dir, 'z.yaml'), 'utf8'), /displayName: Moved/)
})
