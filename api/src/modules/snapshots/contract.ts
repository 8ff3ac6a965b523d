import { SNAPSHOT_REASONS } from '@warren/contracts'
import Joi from 'joi'
import { defineRoute } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

type InstanceParams = { instance: string }
type SnapshotParams = InstanceParams & { snapshot: string }

const account = Joi.object({
  jid: Joi.string().required(),
  phone: Joi.string().required(),
  lid: Joi.string(),
  pushName: Joi.string().allow(''),
})
const snapshotSchema = Joi.object({
  id: Joi.string().required(),
  at: Joi.string().isoDate().required(),
  reason: Joi.string()
    .valid(...SNAPSHOT_REASONS)
    .required()
    .description('What was about to happen; `connected` is taken once a day while all is well.'),
  whole: Joi.boolean()
    .required()
    .description('An earlier link with all its keys; otherwise credentials of the present link.'),
  account,
  obstacle: Joi.string().description('Why it cannot be restored now; absent when it can.'),
}).meta({ name: 'Snapshot' })

export const listSnapshots = defineRoute<{ params: InstanceParams }>({
  id: 'listSnapshots',
  method: 'get',
  path: '/instances/:instance/snapshots',
  summary: 'Snapshots of the credentials, newest first',
  description: 'What they hold is sealed, and never leaves the session.',
  access: ['instances:read'],
  rate: 'api',
  request: { params: Joi.object<InstanceParams>(instanceParams) },
  success: {
    status: 200,
    description: 'All of them.',
    schema: Joi.object({ items: Joi.array().items(snapshotSchema).required() }),
  },
  errors: ['not_found', 'session_unavailable', 'session_timeout'],
})

export const restoreSnapshot = defineRoute<{ params: SnapshotParams }>({
  id: 'restoreSnapshot',
  method: 'post',
  path: '/instances/:instance/snapshots/:snapshot/restore',
  summary: 'Go on with the credentials of a snapshot',
  description:
    'The connection is closed, a snapshot of what is there is taken, and the session connects with what it is given. Nothing that was received or sent is undone.',
  access: ['instances:write'],
  rate: 'api',
  request: {
    params: Joi.object<SnapshotParams>({
      ...instanceParams,
      snapshot: Joi.string().max(64).required().description('The id that the list gave.'),
    }),
  },
  success: { status: 202, description: 'It connects.', schema: Joi.object({ account: account.required() }) },
  errors: [
    'not_found',
    'snapshot_unusable',
    'conflict',
    'suspended',
    'session_unavailable',
    'session_timeout',
  ],
})
