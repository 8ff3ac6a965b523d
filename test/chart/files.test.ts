/** What the files beside the sources name exists, and what two of them say they say alike. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SESSION_NODE_ENV, SESSION_NODE_FLAGS } from '@warren/session-pod'
import { parse } from 'yaml'
import { BUNDLES } from '../../scripts/bundle.ts'
import { at, CHART, ROOT, render, type Values, valuesOf } from './support/chart.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const exists = (path: string) => existsSync(join(ROOT, path))
const dockerfile = read('Dockerfile')
const targets = [...dockerfile.matchAll(/^FROM base AS (\S+)$/gm)].map((match) => match[1] ?? '')

/** Lines of one target of the Dockerfile. */
const target = (name: string) =>
  dockerfile.split(/^FROM /m).find((part) => part.includes(` AS ${name}\n`)) ?? ''

test('the Dockerfile has a target for each bundle, and copies what exists', () => {
  assert.deepEqual(targets.toSorted(), [...BUNDLES, 'standalone'].toSorted())
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  )
  assert.ok(copied.length > 5)
  assert.deepEqual(
    copied.filter((path) => !exists(path)),
    [],
  )
})

test('npm ci in the image finds every workspace that the lock file speaks of', () => {
  const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] }
  const ignored = read('.dockerignore')
  for (const workspace of workspaces) {
    assert.ok(
      dockerfile.includes(`COPY ${workspace}/package.json ${workspace}/\n`),
      `Dockerfile: ${workspace}`,
    )
    const top = workspace.split('/')[0]
    assert.match(ignored, new RegExp(`^!${top}(/package.json)?$`, 'm'), `.dockerignore: ${workspace}`)
  }
})

test('images run as a numbered user, end on SIGTERM and tell whether they are well', () => {
  assert.match(target('base'), /^USER [1-9]\d*:[1-9]\d*$/m)
  assert.match(target('base'), /^STOPSIGNAL SIGTERM$/m)
  for (const name of targets) {
    assert.match(target(name), /^HEALTHCHECK /m, name)
    assert.match(target(name), /^ENTRYPOINT \["node", /m, name)
    assert.match(target(name), /org\.opencontainers\.image\.title="warren-/, name)
  }
})

test('the session image starts Node as session-pod/src/node-flags.ts says', () => {
  const [, line = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(target('session-pod')) ?? []
  assert.deepEqual(JSON.parse(line), ['node', ...SESSION_NODE_FLAGS, '/app/main.mjs'])
  for (const [name, value] of Object.entries(SESSION_NODE_ENV))
    assert.match(target('session-pod'), new RegExp(`\\b${name}=${value}\\b`))
})

test('the chart runs the images that the Dockerfile makes', () => {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Values
  const components = { operator: 'operator', api: 'api', 'session-pod': 'session', simulator: 'simulator' }
  for (const [name, component] of Object.entries(components))
    assert.equal(at(values, `${component}.image.repository`), `warren-${name}`)
})

type Artifact = {
  image: string
  docker: { dockerfile: string; target: string }
  sync?: { manual: { src: string }[] }
}
type Release = { chartPath: string; valuesFiles?: string[]; setValues?: Values; setValueTemplates: Values }
type Skaffold = {
  build: { artifacts: Artifact[] }
  manifests: { helm: { releases: Release[] } }
  profiles: Values[]
}

test('skaffold builds every image and installs the chart with each of them', () => {
  const skaffold = parse(read('skaffold.yaml')) as Skaffold
  const { artifacts } = skaffold.build
  assert.deepEqual(artifacts.map((one) => one.docker.target).toSorted(), [...BUNDLES].toSorted())
  for (const { docker } of artifacts) assert.ok(exists(docker.dockerfile))
  for (const src of artifacts.flatMap(({ sync }) => sync?.manual ?? []).map((rule) => rule.src))
    assert.ok(globSync(src, { cwd: ROOT }).length > 0, src)
  assert.deepEqual(
    skaffold.profiles.map((profile) => profile.name),
    ['dev', 'ci', 'debug'],
  )
  const [release] = skaffold.manifests.helm.releases
  assert.ok(release && exists(release.chartPath))
  const templates = Object.entries(release.setValueTemplates)
  for (const { image } of artifacts)
    assert.ok(
      templates.some(([, template]) => String(template).includes(`IMAGE_REPO_${image.replaceAll('-', '_')}`)),
      image,
    )
  // The schema knows every value that is set.
  const nested = (flat: Values) => {
    const values: Values = {}
    for (const [path, value] of Object.entries(flat))
      path.split('.').reduce<Values>((into, key, i, keys) => {
        into[key] = i === keys.length - 1 ? value : ((into[key] as Values | undefined) ?? {})
        return into[key] as Values
      }, values)
    return values
  }
  const set = Object.fromEntries(templates.map(([path]) => [path, path.endsWith('digest') ? '' : 'x']))
  assert.ok(render(nested({ ...release.setValues, ...set })).length > 20)
})

type Service = {
  image?: string
  build?: Values
  command?: string[]
  healthcheck?: Values
  depends_on?: Values
  volumes?: string[]
}

test('compose names files that exist, waits for health, and has no default for a secret', () => {
  const text = read('compose.yaml')
  const { services, volumes = {} } = parse(text) as { services: Record<string, Service>; volumes?: Values }
  assert.ok(Object.keys(services).length >= 4)
  for (const [name, service] of Object.entries(services)) {
    if (service.build) {
      assert.ok(exists(String(service.build.dockerfile ?? 'Dockerfile')), name)
      assert.match(dockerfile, new RegExp(` AS ${service.build.target}$`, 'm'), name)
    }
    for (const source of (service.volumes ?? []).map((one) => one.split(':')[0] ?? ''))
      assert.ok(source.startsWith('.') ? exists(source) : source in volumes, `${name}: ${source}`)
    for (const [needed, how] of Object.entries(service.depends_on ?? {})) {
      const condition = String(at(how, 'condition'))
      assert.ok(services[needed], `${name} needs ${needed}`)
      if (condition === 'service_healthy') assert.ok(services[needed]?.healthcheck, needed)
    }
  }
  const variables = [...text.matchAll(/\$\{(\w+)(:?[-?])?/g)].map(
    (match) => [match[1] ?? '', match[2]] as const,
  )
  const example = read('.env.example')
  for (const [name, operator] of variables) {
    assert.match(example, new RegExp(`^${name}=`, 'm'), `.env.example: ${name}`)
    if (/PASSWORD|SECRET|KEY/.test(name)) assert.equal(operator, ':?', `${name} must be demanded`)
  }
  for (const [, name = '', value = ''] of example.matchAll(/^(\w+)=(.*)$/gm))
    if (/PASSWORD|SECRET|KEY/.test(name)) assert.equal(value, '', `${name} has a value in .env.example`)
})

test('values for trying out render', () => {
  assert.ok(render({ ...valuesOf('everything'), demo: { enabled: true } }).length > 30)
})
