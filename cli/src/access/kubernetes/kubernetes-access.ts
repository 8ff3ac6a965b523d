/**
 * Instances through the Kubernetes API alone: the resource by the API server, everything live by a forwarded port to the session's control
 * listener. Who may do what is the RBAC of the cluster; there is no other password.
 */
import {
  API_VERSION,
  CONTROL_PORT,
  type CommandName,
  type CommandResponse,
  GROUP,
  type InstanceManifest,
  instanceIdOf,
  type Jsonify,
  KIND,
  PLURAL,
  RESTARTED_AT_ANNOTATION,
  WarrenError,
  type WhatsAppInstance,
} from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { NewInstance, PairingRequest, SessionAccess, StreamedEvent } from '../port.ts'
import { readSse } from '../sse.ts'
import { type ControlClient, createControlClient } from './control-client.ts'
import type { KubeApi } from './kube-api.ts'
import type { Asked } from './refusal.ts'
import { resourceView } from './resource-view.ts'

const PAGE = 500
type List = {
  readonly items: readonly WhatsAppInstance[]
  readonly metadata?: { readonly continue?: string }
}

export function createKubernetesAccess(api: KubeApi, clock: Clock): SessionAccess {
  const { namespace } = api
  const base = (everywhere = false) =>
    `/apis/${API_VERSION}${everywhere ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${PLURAL}`
  const pathOf = (name: string) => `${base()}/${encodeURIComponent(name)}`
  const podPath = (pod: string) =>
    `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`

  const instances = (verb: string, name?: string): Asked => ({
    ...{ verbs: [verb], resource: PLURAL, apiGroup: GROUP, namespace },
    ...(name === undefined ? {} : { name }),
  })
  /** Over a WebSocket port-forward is a `get`; newer API servers ask for `create` as well. */
  const pods = (subresource: 'portforward' | 'log', name: string): Asked => ({
    verbs: subresource === 'log' ? ['get'] : ['get', 'create'],
    resource: `pods/${subresource}`,
    ...{ apiGroup: '', namespace, name },
  })

  const read = (name: string) => api.call<WhatsAppInstance>('GET', pathOf(name), instances('get', name))
  const patch = async (name: string, change: object) =>
    resourceView(await api.call<WhatsAppInstance>('PATCH', pathOf(name), instances('patch', name), change))

  /** The control listener of an instance's session. */
  async function reach(name: string): Promise<{ control: ControlClient; resource: WhatsAppInstance }> {
    const resource = await read(name)
    if (resource.spec.operatingMode === 'Suspended') throw new WarrenError('suspended')
    const pod = resource.status?.pod
    if (pod === undefined) throw new WarrenError('session_unavailable', 'There is no session pod yet.')
    const path = `${podPath(pod)}/portforward?ports=${CONTROL_PORT}`
    const control = createControlClient(() => api.dial(path, pods('portforward', pod)))
    return { control, resource }
  }

  async function command<C extends CommandName>(name: string, called: C, request: object) {
    const { control } = await reach(name)
    return control.call<Jsonify<CommandResponse<C>>>('POST', `/commands/${called}`, request)
  }

  return {
    kind: 'kubernetes',
    namespace,

    async list(everywhere) {
      const found: WhatsAppInstance[] = []
      let more: string | undefined
      const { namespace: _all, ...all } = instances('list')
      do {
        const query = new URLSearchParams({ limit: String(PAGE), ...(more ? { continue: more } : {}) })
        const page = await api.call<List>(
          'GET',
          `${base(everywhere)}?${query}`,
          everywhere ? all : instances('list'),
        )
        found.push(...page.items)
        more = page.metadata?.continue || undefined
      } while (more)
      return found.map(resourceView)
    },

    get: async (name) => resourceView(await read(name)),

    async create(name, wanted) {
      const manifest = manifestOf(name, namespace, wanted)
      const asked = instances('create', name)
      return resourceView(await api.call<WhatsAppInstance>('POST', base(), asked, manifest))
    },

    setOperatingMode: (name, operatingMode) => patch(name, { spec: { operatingMode } }),
    restart: (name) =>
      patch(name, { metadata: { annotations: { [RESTARTED_AT_ANNOTATION]: clock.now().toISOString() } } }),
    logout: async (name) => void (await command(name, 'session.logout', {})),
    snapshots: async (name) => (await command(name, 'session.snapshots', {})).items,
    restore: async (name, snapshot) => void (await command(name, 'session.restore', { snapshot })),

    async startPairing(name, wanted) {
      const { control, resource } = await reach(name)
      const request = pairRequest(wanted, resource)
      return (
        await control.call<Jsonify<CommandResponse<'session.pair'>>>(
          'POST',
          '/commands/session.pair',
          request,
        )
      ).pairing
    },

    async send(name, message, idempotencyKey) {
      const { control } = await reach(name)
      return control.call('POST', '/messages', message, { 'idempotency-key': idempotencyKey })
    },

    async events(name, { signal }) {
      const { control, resource } = await reach(name)
      return eventsOf(await control.stream('/events', signal), instanceIdOf(resource.metadata))
    },

    async logs(name, { follow, tailLines, previous }, signal) {
      const resource = await read(name)
      const pod = resource.status?.pod
      if (pod === undefined)
        throw new WarrenError('session_unavailable', 'There is no session pod, so it has no log.')
      const query = new URLSearchParams({
        container: 'session',
        ...(follow ? { follow: 'true' } : {}),
        ...(previous ? { previous: 'true' } : {}),
        ...(tailLines === undefined ? {} : { tailLines: String(tailLines) }),
      })
      return api.stream(`${podPath(pod)}/log?${query}`, pods('log', pod), signal)
    },
  }
}

function manifestOf(name: string, namespace: string, wanted: NewInstance): InstanceManifest {
  const { organization, ...spec } = wanted
  if (organization === undefined)
    throw new WarrenError(
      'validation_failed',
      'An instance belongs to an organisation: name it with --organization.',
    )
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name, namespace },
    spec: { organization, ...spec },
  }
}

function pairRequest(wanted: PairingRequest, { spec }: WhatsAppInstance): object {
  if (wanted.method === 'qr') return wanted
  const phoneNumber = wanted.phoneNumber ?? spec.pairing.phoneNumber
  if (phoneNumber === undefined)
    throw new WarrenError(
      'validation_failed',
      'The instance has no phone number of its own: name it with --phone.',
    )
  return { method: 'code', phoneNumber }
}

/** @throws Error when another session answers, as when the pod's name was given to another instance meanwhile */
async function* eventsOf(body: AsyncIterable<Uint8Array>, instance: string): AsyncGenerator<StreamedEvent> {
  for await (const { id, data } of readSse(body)) {
    const event = JSON.parse(data) as StreamedEvent['event']
    if (event.instance !== instance)
      throw new WarrenError('conflict', `Another session answers: ${event.instance}`)
    yield { ...(id === undefined ? {} : { id }), event }
  }
}
