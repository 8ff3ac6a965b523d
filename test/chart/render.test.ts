import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  at,
  CHART,
  helm,
  objectsOf,
  pick,
  podsOf,
  render,
  VALUE_SETS,
  type Values,
  valuesOf,
} from './support/chart.ts'

for (const set of VALUE_SETS)
  test(`${set}: helm finds nothing wrong, and every object has its own name`, () => {
    const { status, stdout, stderr } = helm(['lint', CHART, '--strict'], valuesOf(set))
    assert.equal(status, 0, stdout + stderr)
    const names = objectsOf(set).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
    )
    assert.deepEqual(names, [...new Set(names)])
  })

test('every pod is within the restricted profile of Pod Security, with a read-only root', () => {
  const pods = VALUE_SETS.flatMap((set) => podsOf(objectsOf(set)))
  assert.ok(pods.length > 20)
  for (const { name, spec } of pods) {
    assert.equal(at(spec, 'securityContext.runAsNonRoot'), true, name)
    assert.ok(Number(at(spec, 'securityContext.runAsUser')) > 0, name)
    assert.equal(at(spec, 'securityContext.seccompProfile.type'), 'RuntimeDefault', name)
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      assert.deepEqual(
        container.securityContext,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        name,
      )
      assert.ok(at(container, 'resources.limits.memory'), name)
      assert.ok(at(container, 'resources.requests.cpu'), name)
    }
  }
})

test('no secret stands in an environment, an argument or a ConfigMap', () => {
  const secrets = ['s3cret-mongo', 's3cret-redis', 's3cret-access', 's3cret-key']
  const values = {
    mongodb: { uri: `mongodb://user:${secrets[0]}@db/` },
    redis: { url: `redis://:${secrets[1]}@redis` },
    s3: { endpoint: 'https://s3.example.com', accessKey: secrets[2], secretKey: secrets[3] },
  }
  const text = render(values)
    .filter(({ kind }) => kind !== 'Secret')
    .map((object) => JSON.stringify(object))
    .join()
  assert.deepEqual(
    secrets.filter((secret) => text.includes(secret)),
    [],
  )
})

test('keys are made once, are long enough, and cannot be changed by rendering again', () => {
  const [first, second] = [1, 2].map(() => pick(render(valuesOf('minimal')), 'Secret', '-keys'))
  const keyOf = (name: string) => Buffer.from(String(at(first, `data.${name}`)), 'base64').toString()
  assert.match(keyOf('master-key'), /^1:[A-Za-z0-9+/]{43}=$/)
  assert.match(keyOf('proxy-master-key'), /^1:[A-Za-z0-9+/]{43}=$/)
  assert.ok(keyOf('jwt-secret').length >= 32)
  assert.notDeepEqual(first?.data, second?.data)
  assert.equal(first?.immutable, true)
  assert.equal(at(first, 'metadata.annotations')?.['helm.sh/resource-policy' as never], 'keep')
})

test('with secrets of one own, the chart makes none', () => {
  const objects = objectsOf('highly-available')
  assert.deepEqual(
    objects.filter(({ kind }) => kind === 'Secret'),
    [],
  )
  const operator = pick(objects, 'Deployment', '-operator')
  const sources = at(operator, 'spec.template.spec.volumes.0.projected.sources') as Values[]
  assert.deepEqual(
    sources.map((source) => at(source, 'secret.name')),
    ['warren-mongodb', 'warren-mongodb', 'warren-redis', 'warren-keys', 'warren-keys'],
  )
  assert.equal(at(sources[0], 'secret.items.0.key'), 'connectionString')
})

test('a change of what sessions are rolls the operator, and nothing else', () => {
  const hashes = (values: Values) =>
    render(values)
      .filter(({ kind }) => kind === 'Deployment')
      .map((object) => {
        const template = JSON.stringify(at(object, 'spec.template'))
        return [object.metadata.name, createHash('sha256').update(template).digest('hex')] as const
      })
  const before = new Map(hashes(valuesOf('minimal')))
  const after = hashes({ ...valuesOf('minimal'), session: { logLevel: 'debug' } })
  assert.deepEqual(
    after.filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name),
    ['warren-operator'],
  )
})

test('the autoscaler alone decides how many replicas there are, where it is on', () => {
  const web = (set: 'minimal' | 'highly-available') => pick(objectsOf(set), 'Deployment', '-api-web')
  assert.equal(at(web('minimal'), 'spec.replicas'), 2)
  assert.equal(at(web('highly-available'), 'spec.replicas'), undefined)
})

test('event streams pass the ingress unbuffered and may be quiet; own annotations go first', () => {
  const values = valuesOf('highly-available')
  const annotations = (more: Values) => {
    const ingress = { ...(at(values, 'api.ingress') as Values), annotations: more }
    const api = { ...(values.api as Values), ingress }
    return pick(render({ ...values, api }), 'Ingress', '-api').metadata.annotations as Values
  }
  assert.equal(annotations({})['nginx.ingress.kubernetes.io/proxy-buffering'], 'off')
  assert.equal(annotations({})['nginx.ingress.kubernetes.io/proxy-read-timeout'], '3600')
  const own = { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '60' }
  assert.equal(annotations(own)['nginx.ingress.kubernetes.io/proxy-read-timeout'], '60')
})

test('sessions are told of the simulator only where it runs, and are then not in production', () => {
  const envOf = (values: Values) => {
    const map = pick(render(values), 'ConfigMap', '-session-template')
    return (JSON.parse(String(at(map, 'data')?.['session-template.json' as never])) as { env: Values }).env
  }
  const real = envOf(valuesOf('minimal'))
  assert.deepEqual([real.NODE_ENV, real.WARREN_WHATSAPP_SIMULATOR], ['production', undefined])
  const simulated = envOf({ ...valuesOf('minimal'), simulator: { enabled: true } })
  assert.deepEqual(
    [simulated.NODE_ENV, simulated.WARREN_WHATSAPP_SIMULATOR],
    ['development', 'http://warren-simulator.warren.svc:7701'],
  )
})

for (const [what, values, message] of [
  [
    'a misspelt key',
    { operator: { replcas: 3 } },
    /'\/operator': additional properties 'replcas' not allowed/,
  ],
  ['a wrong type', { operator: { replicas: 'three' } }, /'\/operator\/replicas': got string, want integer/],
  ['a word that is not one of several', { image: { pullPolicy: 'Sometimes' } }, /'\/image\/pullPolicy'/],
  [
    'an address of another kind',
    { redis: { url: 'http://redis' } },
    /'\/redis\/url': 'http:\/\/redis' does not match/,
  ],
  [
    'a namespace that is not served',
    { watchNamespaces: ['a'], api: { instanceNamespace: 'b' } },
    /namespace b, which is not one of watchNamespaces/,
  ],
] as const)
  test(`${what} is refused with the place`, () => {
    assert.throws(() => render({ ...valuesOf('minimal'), ...values }), message)
  })

for (const [missing, message] of [
  ['mongodb', /Where is MongoDB\? Set mongodb\.existingSecret\.name/],
  ['redis', /Where is Redis\?/],
  ['s3', /Where do media go\?/],
] as const)
  test(`without ${missing} helm says what to set`, () => {
    const { [missing]: _, ...rest } = valuesOf('minimal')
    assert.throws(() => render(rest), message)
  })
