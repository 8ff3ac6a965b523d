import { WarrenError } from '@warren/contracts'
import Joi from 'joi'
import type { TextToSend } from './target.ts'

const schema = Joi.object<TextToSend & { type: 'text' }>({
  to: Joi.string().max(100).required(),
  type: Joi.valid('text').default('text'),
  text: Joi.string().min(1).max(65_536).required(),
})

/** The body of `POST /messages`, as REST takes it for texts. @throws WarrenError `validation_failed` */
export function textToSend(body: unknown): TextToSend {
  const { value, error } = schema.validate(body, { abortEarly: false })
  if (!error) return { to: value.to, text: value.text }
  const fields = error.details.map(({ path, message }) => ({ path: ['body', ...path].join('.'), message }))
  throw new WarrenError('validation_failed', error.message, { details: { fields } })
}
