import type { NamedFile } from '@warren/runtime/session-bundle'
import { MAX_BUNDLE_BYTES } from '@warren/runtime/session-bundle'
import Joi from 'joi'
import { defineRoute } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'

type InstanceParams = { instance: string }
const params = Joi.object<InstanceParams>(instanceParams)
/** In base64, and with what else is in the body. */
const BODY_BYTES = Math.ceil((MAX_BUNDLE_BYTES * 4) / 3) + 1024 * 1024

const passphrase = Joi.string()
  .min(12)
  .max(1_000)
  .description('At least 12 characters. Whoever has it and the bundle has the account; it is kept nowhere.')
const account = Joi.object({
  jid: Joi.string().required(),
  phone: Joi.string().required(),
  lid: Joi.string(),
  pushName: Joi.string().allow(''),
})

export type ExportBody = { passphrase: string }

export const exportSession = defineRoute<{ params: InstanceParams; body: ExportBody }>({
  id: 'exportSession',
  method: 'post',
  path: '/instances/:instance/export',
  summary: 'Take the session out, with its link',
  description:
    'First the link is given up here, for good and durably; then the bundle is made. Repeat the request when the answer was lost.',
  access: ['instances:write'],
  rate: 'uploads',
  request: { params, body: Joi.object<ExportBody>({ passphrase: passphrase.required() }) },
  success: {
    status: 200,
    description: 'The bundle, encrypted under the passphrase.',
    schema: Joi.object({
      bundle: Joi.string().required().description('Base64.'),
      account: account.required(),
    }).meta({ name: 'SessionBundle' }),
  },
  errors: [
    'not_found',
    'not_paired',
    'suspended',
    'payload_too_large',
    'session_unavailable',
    'session_timeout',
  ],
})

export type ImportBody = { bundle?: string; passphrase?: string; files?: NamedFile[] }

export const importSession = defineRoute<{ params: InstanceParams; body: ImportBody }>({
  id: 'importSession',
  method: 'post',
  path: '/instances/:instance/import',
  summary: 'Go on with a session from elsewhere',
  description:
    'With `bundle` and `passphrase` one that was exported, with `files` the folder of Baileys’ multi-file state. Whatever ran it before must have ended.',
  access: ['instances:write'],
  rate: 'uploads',
  bodyBytes: BODY_BYTES,
  request: {
    params,
    body: Joi.object<ImportBody>({
      bundle: Joi.string().base64().max(BODY_BYTES),
      passphrase,
      files: Joi.array()
        .items(
          Joi.object<NamedFile>({
            name: Joi.string().max(300).required(),
            content: Joi.string().allow('').max(BODY_BYTES).required(),
          }),
        )
        .min(1)
        .max(50_000),
    })
      .xor('bundle', 'files')
      .and('bundle', 'passphrase'),
  },
  success: {
    status: 202,
    description: 'It connects.',
    schema: Joi.object({ account: account.required() }),
  },
  errors: [
    'not_found',
    'already_paired',
    'bundle_invalid',
    'conflict',
    'suspended',
    'session_unavailable',
    'session_timeout',
  ],
})
