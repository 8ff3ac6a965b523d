/** The structural OpenAPI schema of the resource: defaults, limits and CEL rules. Both the CRD and the local cluster use it. */
import { ORGANIZATION_PATTERN } from '../ids.ts'
import { POOL_PATTERN } from '../session-data.ts'
import { CONDITION_TYPES } from './conditions.ts'
import { protectionSpec } from './protection-schema.ts'

const DNS_NAME = '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$'

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more })
const time = (description: string) => ({ type: 'string', format: 'date-time', description })

/** Amounts of resources in the notation of Kubernetes. */
export const QUANTITY_PATTERN = '^[0-9]+([.][0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$'

const quantity = (description: string) => text(description, { pattern: QUANTITY_PATTERN, maxLength: 20 })
const amounts = (description: string) => ({
  type: 'object',
  description,
  properties: {
    cpu: quantity('Cores, e.g. 100m.'),
    memory: quantity('Bytes, e.g. 64Mi.'),
    'ephemeral-storage': quantity('Bytes on the disk of the node, e.g. 100Mi.'),
  },
})

const resources = {
  type: 'object',
  description: 'What one session may use of its node. What is not given is the default of the installation.',
  properties: {
    requests: amounts('What is reserved for the session.'),
    limits: amounts('What the session may not exceed.'),
  },
}

const toleration = {
  type: 'object',
  description: 'A taint of nodes that the session accepts.',
  properties: {
    key: text('The taint; with operator Exists and no key, all of them.', { maxLength: 316 }),
    operator: text('Exists, or Equal to value.', { enum: ['Exists', 'Equal'] }),
    value: text('For Equal.', { maxLength: 63 }),
    effect: text('Of which effect; all of them unless given.', {
      enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
    }),
    tolerationSeconds: {
      type: 'integer',
      format: 'int64',
      description: 'With effect NoExecute: how long the session stays on the node.',
      minimum: 0,
    },
  },
}

const scheduling = {
  type: 'object',
  description: 'On which nodes the session may run, besides what the installation says.',
  properties: {
    nodeSelector: {
      type: 'object',
      description: 'Labels that the node must have.',
      additionalProperties: { type: 'string', maxLength: 63 },
      maxProperties: 20,
    },
    tolerations: {
      type: 'array',
      description: 'Taints that the session accepts.',
      items: toleration,
      maxItems: 20,
      'x-kubernetes-list-type': 'atomic',
    },
    affinity: {
      type: 'object',
      description: 'Affinity as in a pod; it replaces that of the installation.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
    priorityClassName: text('A PriorityClass of the cluster; it replaces that of the installation.', {
      maxLength: 253,
    }),
  },
}

const failover = {
  type: 'object',
  description: 'When a session is given up and another pod takes its place.',
  default: {},
  properties: {
    unreachableSeconds: {
      type: 'integer',
      format: 'int32',
      description:
        'How long the node of the session may be unreachable before a pod elsewhere takes over. The old process cannot write any more then.',
      minimum: 20,
      maximum: 3600,
      default: 60,
    },
  },
}

const spec = {
  type: 'object',
  description: 'What the user wants.',
  required: ['organization'],
  properties: {
    organization: text('The tenant that owns the account. Cannot be changed.', {
      pattern: ORGANIZATION_PATTERN,
      maxLength: 40,
      'x-kubernetes-validations': [
        {
          rule: 'self == oldSelf',
          message: 'organization cannot be changed; create another instance instead',
        },
      ],
    }),
    displayName: text('A name for people.', { maxLength: 100 }),
    operatingMode: text('Suspended stops the session and keeps the pairing.', {
      enum: ['Running', 'Suspended'],
      default: 'Running',
    }),
    deletionPolicy: text(
      'What becomes of the link on deletion. Retain keeps the credentials; Logout unlinks the device at WhatsApp and removes the data; Delete removes the data only.',
      { enum: ['Retain', 'Logout', 'Delete'], default: 'Retain' },
    ),
    protection: protectionSpec,
    proxy: {
      type: 'object',
      description: 'What the session reaches WhatsApp through. With it nothing goes to WhatsApp directly.',
      properties: {
        secretRef: {
          type: 'object',
          description:
            'A secret in the same namespace. Its field proxies holds URLs, one a line: http, https or socks5.',
          required: ['name'],
          properties: { name: text('Name of the secret.', { pattern: DNS_NAME, maxLength: 253 }) },
        },
        pool: text('A pool of proxies that the organisation keeps over REST.', { pattern: POOL_PATTERN }),
      },
      'x-kubernetes-validations': [
        {
          rule: 'has(self.secretRef) != has(self.pool)',
          message: 'proxy needs either secretRef or pool',
        },
      ],
    },
    pairing: {
      type: 'object',
      description: 'How an account is linked.',
      default: {},
      properties: {
        method: text('QR is scanned, Code is eight characters to type on the phone.', {
          enum: ['QR', 'Code'],
          default: 'QR',
        }),
        phoneNumber: text(
          'International number, digits only. Needed for Code; where given, only this number may be linked.',
          {
            pattern: '^[0-9]{5,20}$',
          },
        ),
        maxAttempts: {
          type: 'integer',
          format: 'int32',
          description: 'QRs shown before the pairing waits until someone asks again.',
          minimum: 1,
          maximum: 6,
          default: 3,
        },
        showInStatus: {
          type: 'boolean',
          description: 'Show QR and code in status.pairing, to everyone who may read the resource.',
          default: false,
        },
      },
      'x-kubernetes-validations': [
        {
          rule: "!has(self.method) || self.method != 'Code' || has(self.phoneNumber)",
          message:
            'pairing.method Code needs pairing.phoneNumber: the number on whose phone the code is typed',
        },
      ],
    },
    resources,
    scheduling,
    failover,
  },
}

const condition = {
  type: 'object',
  required: ['type', 'status', 'reason', 'message', 'lastTransitionTime', 'observedGeneration'],
  properties: {
    type: text('What is told.', { enum: [...CONDITION_TYPES] }),
    status: text('Whether it is so.', { enum: ['True', 'False', 'Unknown'] }),
    reason: text('Why, for machines.', { pattern: '^[A-Za-z]([A-Za-z0-9]*)$', maxLength: 64 }),
    message: text('Why, for people.', { maxLength: 1024 }),
    lastTransitionTime: time('When status last changed.'),
    observedGeneration: {
      type: 'integer',
      format: 'int64',
      description: 'The generation of the spec it speaks of.',
    },
  },
}

const status = {
  type: 'object',
  description: 'What is. Written by the operator alone.',
  properties: {
    phase: text('A summary of the conditions, for the eye.'),
    observedGeneration: {
      type: 'integer',
      format: 'int64',
      description: 'The generation of the spec last acted on.',
    },
    conditions: {
      type: 'array',
      description: 'Scheduled, Paired, Connected, Ready, Degraded.',
      items: condition,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
    account: {
      type: 'object',
      description: 'The linked WhatsApp account.',
      properties: {
        jid: text('Address by phone number.'),
        lid: text('Address by hidden id.'),
        phone: text('International number, digits only.'),
        pushName: text('The name the account shows.'),
      },
    },
    pairing: {
      type: 'object',
      description: 'The pairing in progress.',
      properties: {
        attempt: { type: 'integer', format: 'int32', description: 'Which QR this is, from 1.' },
        maxAttempts: { type: 'integer', format: 'int32', description: 'After how many it is parked.' },
        expiresAt: time('When the present QR or code ends.'),
        qr: text('Only with spec.pairing.showInStatus.'),
        code: text('Only with spec.pairing.showInStatus.'),
      },
    },
    pod: text('The pod that runs the session.'),
    node: text('The node that the pod runs on.'),
    epoch: { type: 'integer', format: 'int64', description: 'The fencing epoch of the present holder.' },
    lastConnectedTime: time('When WhatsApp last delivered to this session.'),
    lastDisconnect: {
      type: 'object',
      description: 'The last loss of the connection.',
      properties: {
        code: { type: 'integer', format: 'int32', description: 'The disconnect code.' },
        reason: text('What it means.'),
        time: time('When it happened.'),
      },
    },
  },
}

/** The number that was linked must stay the one that is asked for: `oldSelf.status.account` says whether there is one. */
const phoneNumberFixedOncePaired = {
  rule: [
    '!has(oldSelf.status) || !has(oldSelf.status.account)',
    '(has(self.spec.pairing) && has(self.spec.pairing.phoneNumber)) == (has(oldSelf.spec.pairing) && has(oldSelf.spec.pairing.phoneNumber))' +
      ' && (!has(self.spec.pairing) || !has(self.spec.pairing.phoneNumber) || self.spec.pairing.phoneNumber == oldSelf.spec.pairing.phoneNumber)',
  ].join(' || '),
  message: 'pairing.phoneNumber cannot be changed while an account is linked; log out first',
}

/** Replacement pods get such names: see `podNameOf` of the operator. */
const nameOfNoReplacement = {
  rule: "!self.metadata.name.matches('--[0-9]+$')",
  message:
    'metadata.name must not end in two dashes and a number; Warren gives such names to replacement pods',
}

/**
 * Longest name. What is derived from it must fit as well: in Kubernetes the secret `NAME-session-key` (253 characters), on one machine the
 * draft of that secret's folder, with a namespace of up to 63 characters before it (255 bytes).
 */
export const MAX_INSTANCE_NAME = 160

const nameNotTooLong = {
  rule: `self.metadata.name.size() <= ${MAX_INSTANCE_NAME}`,
  message: `metadata.name must be at most ${MAX_INSTANCE_NAME} characters long`,
}

export const INSTANCE_SCHEMA = {
  type: 'object',
  description: 'One WhatsApp account that Warren runs as one session pod.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec,
    status,
  },
  'x-kubernetes-validations': [phoneNumberFixedOncePaired, nameOfNoReplacement, nameNotTooLong],
}
