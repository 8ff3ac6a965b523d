import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OwnerReference, type ResourceKey, WarrenError } from '@warren/contracts'
import type { Secret, SecretClient } from '../port.ts'
import { atomicWrite } from './atomic-write.ts'

/** Beside the secret's own files; a name that no data field can have. */
const OWNERS_FILE = '.owners.json'

/** Secrets as folders of files that only the owner may read. */
export function createSecretFiles(dir: string) {
  const folderOf = ({ namespace, name }: ResourceKey) => join(dir, `${namespace}.${name}`)

  const client: SecretClient = {
    async get(key) {
      const folder = folderOf(key)
      const names = await readdir(folder).catch(() => undefined)
      if (!names) return undefined
      const data: Record<string, Uint8Array> = {}
      for (const name of names) if (!name.startsWith('.')) data[name] = await readFile(join(folder, name))
      const ownerReferences = await ownersOf(folder)
      return { metadata: { namespace: key.namespace, name: key.name, ownerReferences }, data }
    },
    async create(secret) {
      const folder = folderOf(secret.metadata)
      const draft = `${folder}.${randomBytes(4).toString('hex')}.tmp`
      await mkdir(draft, { recursive: true, mode: 0o700 })
      const files = { ...secret.data, [OWNERS_FILE]: ownersText(secret) }
      for (const [name, content] of Object.entries(files))
        await writeFile(join(draft, name), content, { mode: 0o600 })
      try {
        // A rename onto a folder that is not empty fails: whoever comes second sees that.
        await rename(draft, folder)
      } catch (cause) {
        await rm(draft, { recursive: true, force: true })
        const { namespace, name } = secret.metadata
        throw new WarrenError('already_exists', `a secret ${namespace}/${name} exists already`, { cause })
      }
    },
    async update(key, data) {
      const folder = folderOf(key)
      const present = await readdir(folder).catch((cause: Error) => {
        throw new WarrenError('not_found', `there is no secret ${key.namespace}/${key.name}`, { cause })
      })
      for (const [name, content] of Object.entries(data))
        await atomicWrite(join(folder, name), content, { mode: 0o600 })
      for (const name of present)
        if (!name.startsWith('.') && !(name in data)) await rm(join(folder, name), { force: true })
    },
  }

  return {
    client,
    /** Removes the secrets that an object owned. */
    async collect(ownerUid: string): Promise<void> {
      for (const name of await readdir(dir).catch(() => [])) {
        const owners = await ownersOf(join(dir, name))
        if (owners.some(({ uid }) => uid === ownerUid))
          await rm(join(dir, name), { recursive: true, force: true })
      }
    },
  }
}

function ownersText({ metadata }: Secret): string {
  return JSON.stringify(metadata.ownerReferences ?? [])
}

async function ownersOf(folder: string): Promise<OwnerReference[]> {
  const text = await readFile(join(folder, OWNERS_FILE), 'utf8').catch(() => '[]')
  return JSON.parse(text) as OwnerReference[]
}
