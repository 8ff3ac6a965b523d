import { randomUUID } from 'node:crypto'
import { type FSWatcher, watch as watchFolder } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResourceKey } from '@warren/contracts'
import { type Clock, systemClock, type Timer } from '../../clock/index.ts'
import type { Logger } from '../../logger/index.ts'
import type { Cluster, InstanceClient } from '../port.ts'
import { createInstanceStore } from '../store/instance-store.ts'
import { createKeyedMutex } from '../store/keyed-mutex.ts'
import { createPodStore } from '../store/pod-store.ts'
import { createInstanceFolder } from './instance-folder.ts'
import { createObjectRecords } from './object-records.ts'
import { createProcessKubelet } from './process-kubelet.ts'
import { LONGEST_RESTART_MS } from './restart-delay.ts'
import { createSecretFiles } from './secret-files.ts'

export type LocalClusterOptions = {
  /** The user's YAML files; generated state is in `.status` below it. */
  readonly dir: string
  /** Secrets and working directories of pods. Only the owner may read it. */
  readonly stateDir: string
  /** Logs of the pods, and `events.log`. */
  readonly logsDir: string
  readonly logger: Logger
  readonly clock?: Clock
  /** Environment of every pod besides its own; by default what a program needs to run at all. */
  readonly baseEnv?: Readonly<Record<string, string | undefined>>
  /** A file's problem as one sentence, undefined when it is solved. */
  readonly onProblem?: (file: string, problem: string | undefined) => void
  /** Most milliseconds before a pod whose process ends again and again is started anew; five minutes unless told, as on a node. */
  readonly longestRestartMs?: number
}

export type LocalCluster = Cluster & {
  /** Resolves when what was known and what the files say is in the cache. */
  start(): Promise<void>
  /** Ends all pods. The files stay as they are. */
  stop(): Promise<void>
  /** Looks at the files now instead of at the next notice. */
  rescan(): Promise<void>
}

/** Looked at even without a notice of the file system: notices get lost, and some file systems give none. */
const RESCAN_MS = 2_000
/** After a notice, so that an editor can finish. */
const DEBOUNCE_MS = 80

/** A cluster on one machine: resources are YAML files in a folder, pods are child processes that cannot outlive this one. */
export function createLocalCluster(options: LocalClusterOptions): LocalCluster {
  const { dir, stateDir, logsDir, logger } = options
  const clock = options.clock ?? systemClock
  const { PATH, HOME, LANG, TZ, TMPDIR } = process.env
  const baseEnv = options.baseEnv ?? { PATH, HOME, LANG, TZ, TMPDIR }
  const secretsDir = join(stateDir, 'secrets')
  const secrets = createSecretFiles(secretsDir)
  const records = createObjectRecords(join(dir, '.status'))
  const kubelet = createProcessKubelet({
    clock,
    logger,
    podsDir: join(stateDir, 'pods'),
    logsDir,
    secretsDir,
    baseEnv,
    longestRestartMs: options.longestRestartMs ?? LONGEST_RESTART_MS,
  })
  const pods = createPodStore({ clock, newUid: randomUUID, kubelet })
  /** Files are read and written by one at a time, or a scan could undo what the API is writing. */
  const exclusive = createKeyedMutex()
  const timers: Timer[] = []
  let debounce: Timer | undefined
  let notices: FSWatcher | undefined

  const store = createInstanceStore({
    clock,
    newUid: randomUUID,
    onRemoved({ metadata }) {
      pods.collect(metadata)
      secrets.collect(metadata.uid).catch((error) => logger.error('secrets were not removed', { error }))
      // The file may have been written again while the deletion ran.
      folder.reread(metadata)
      lookSoon()
    },
    persistence: {
      userCreated: (manifest, key) => folder.add(manifest, key),
      userPatched: (key, patch) => folder.edit(key, patch),
      userDeleted: (key) => folder.take(key),
      stored: (key, instance) =>
        instance ? records.save(key, { source: folder.sourceOf(key), instance }) : records.remove(key),
    },
  })
  const folder = createInstanceFolder({
    dir,
    clock,
    apply: store.apply,
    unapply: store.unapply,
    onProblem(file, problem) {
      if (problem === undefined) logger.info('file is in order again', { file })
      else logger.warn(problem, { file })
      options.onProblem?.(file, problem)
    },
  })

  function scan(patient = true): Promise<void> {
    return exclusive('files', async () => {
      if (!(await folder.scan({ patient }))) lookSoon()
    })
  }

  function lookSoon(): void {
    debounce?.stop()
    debounce = clock.setTimer(DEBOUNCE_MS, look)
  }

  function look(): void {
    scan().catch((error) => logger.error('the instances folder cannot be read', { error }))
  }

  /** Writes of the user's half begin with what is in the files now. */
  function afterScan<T>(write: () => Promise<T>): Promise<T> {
    return exclusive('files', async () => {
      await folder.scan({ patient: false })
      return write()
    })
  }

  const instances: InstanceClient = {
    ...store.client,
    create: (manifest) => afterScan(() => store.client.create(manifest)),
    patch: (key, patch, precondition) => afterScan(() => store.client.patch(key, patch, precondition)),
    delete: (key, precondition) => afterScan(() => store.client.delete(key, precondition)),
  }

  return {
    instances,
    pods: pods.client,
    secrets: secrets.client,
    namespaces: { organizationOf: async () => undefined },
    nodes: { unreachableSince: async () => undefined },
    events: {
      record({ metadata }, { type, reason, note }) {
        const line = `${clock.now().toISOString()} ${type} ${metadata.namespace}/${metadata.name} ${reason}: ${note}\n`
        appendFile(join(logsDir, 'events.log'), line).catch(() => {})
      },
    },
    watch: (kind, onKey) => (kind === 'instances' ? store : pods).watch(onKey),
    async start() {
      await mkdir(dir, { recursive: true })
      await mkdir(secretsDir, { recursive: true, mode: 0o700 })
      await mkdir(logsDir, { recursive: true })
      const known = await records.load((file, error) =>
        logger.warn('a state file is not readable', { file, error }),
      )
      for (const { source, instance } of known) {
        store.restore(instance)
        // What is being deleted is no longer in its file; a resource of that name there is a new one.
        if (!instance.metadata.deletionTimestamp) folder.restoreSource(keyOf(instance.metadata), source)
      }
      await scan(false)
      notices = watchFolder(dir, lookSoon)
      notices.on('error', (error) =>
        logger.warn('the instances folder is not watched, only looked at', { error }),
      )
      timers.push(clock.setInterval(RESCAN_MS, look))
    },
    async stop() {
      notices?.close()
      debounce?.stop()
      for (const timer of timers.splice(0)) timer.stop()
      await pods.stop()
      await exclusive('files', async () => {})
      debounce?.stop()
    },
    rescan: () => scan(false),
  }
}

const keyOf = ({ namespace, name }: ResourceKey): ResourceKey => ({ namespace, name })
