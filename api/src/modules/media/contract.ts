import Joi from 'joi'
import { defineRoute } from '../../http/index.ts'
import { instanceParams } from '../instances/index.ts'
import { IMAGE_TYPES } from './inspect.ts'

const text = Joi.string()
const params = Joi.object<{ media: string }>({ media: text.max(64).required() })

export const mediaSchema = Joi.object({
  id: text.required(),
  mimetype: text.required(),
  size: Joi.number().integer().required(),
  sha256: text.hex().length(64).required(),
  filename: text,
  createdAt: text.isoDate().required(),
}).meta({ name: 'Media' })

export const uploadMedia = defineRoute({
  id: 'uploadMedia',
  method: 'post',
  path: '/media',
  summary: 'Upload an image',
  description: `One file in the field \`file\`, at most 5 MB: ${IMAGE_TYPES.join(', ')}. Its bytes count, not its name.`,
  access: ['media:write'],
  boundKeys: true,
  rate: 'uploads',
  consumes: 'multipart',
  request: {},
  success: { status: 201, description: 'Stored; send it with its id.', schema: mediaSchema },
  errors: ['unsupported_media_type', 'payload_too_large', 'validation_failed'],
})

export const getMedia = defineRoute<{ params: { media: string } }>({
  id: 'getMedia',
  method: 'get',
  path: '/media/:media',
  summary: 'What is known of an upload',
  access: ['media:read'],
  boundKeys: true,
  rate: 'api',
  request: { params },
  success: { status: 200, description: 'The upload.', schema: mediaSchema },
  errors: ['not_found'],
})

const REDIRECT = {
  status: 302,
  description: 'To a signed URL that is valid for a while and needs no token.',
  types: [],
} as const

export const getMediaContent = defineRoute<{ params: { media: string } }>({
  id: 'getMediaContent',
  method: 'get',
  path: '/media/:media/content',
  summary: 'The bytes of an upload',
  access: ['media:read'],
  boundKeys: true,
  rate: 'api',
  request: { params },
  success: REDIRECT,
  errors: ['not_found'],
})

export const deleteMedia = defineRoute<{ params: { media: string } }>({
  id: 'deleteMedia',
  method: 'delete',
  path: '/media/:media',
  summary: 'Delete an upload',
  access: ['media:write'],
  boundKeys: true,
  rate: 'api',
  request: { params },
  success: { status: 204, description: 'It is gone.' },
  errors: ['not_found'],
})

export const getMessageMedia = defineRoute<{ params: { instance: string; message: string } }>({
  id: 'getMessageMedia',
  method: 'get',
  path: '/instances/:instance/messages/:message/media',
  summary: 'The image of a message',
  access: ['messages:read'],
  rate: 'api',
  request: { params: Joi.object({ ...instanceParams, message: text.max(128).required() }) },
  success: REDIRECT,
  errors: ['not_found', 'media_unavailable'],
})
