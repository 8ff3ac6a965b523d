import { readFileSync } from 'node:fs'
import { ConfigError } from '@warren/runtime/config'
import Joi from 'joi'
import type { SessionPodTemplate } from './pods/template.ts'

const text = Joi.string()
const texts = Joi.object().pattern(text, text.allow(''))
const id = Joi.number().integer().min(0)
const quantities = Joi.object().pattern(text, [text, Joi.number()])

/** What the file may say; secrets come from the environment and not from a file that is no secret. */
type TemplateFile = Omit<SessionPodTemplate, 'secretEnv' | 'proxyMasterKey' | 'previousMasterKeys'>

const SCHEMA = Joi.object<TemplateFile>({
  image: text.required(),
  imagePullPolicy: text.valid('Always', 'IfNotPresent', 'Never'),
  imagePullSecrets: Joi.array().items(text),
  command: Joi.array().items(text).min(1),
  args: Joi.array().items(text),
  env: texts.default({}),
  keyFolder: text.pattern(/^\//, 'absolute path').default('/etc/warren/instance'),
  terminationGracePeriodSeconds: Joi.number().integer().min(5).max(600).default(30),
  healthPort: Joi.number().port(),
  serviceAccountName: text,
  runAs: Joi.object({ user: id.min(1), group: id, fsGroup: id }),
  resources: Joi.object({ requests: quantities, limits: quantities }),
  priorityClassName: text,
  nodeSelector: texts,
  tolerations: Joi.array().items(Joi.object()),
  affinity: Joi.object(),
  topologySpreadConstraints: Joi.array().items(Joi.object()),
  labels: texts,
  annotations: texts,
})

/**
 * Reads the template of session pods.
 * @throws ConfigError when it cannot be read, is not JSON or says something else
 */
export function readTemplateFile(file: string): TemplateFile {
  try {
    return Joi.attempt(JSON.parse(readFileSync(file, 'utf8')), SCHEMA, { abortEarly: false })
  } catch (error) {
    const details = Joi.isError(error) ? error.details.map(({ message }) => message) : [String(error)]
    throw new ConfigError(details.map((detail) => `WARREN_SESSION_TEMPLATE_FILE ${file}: ${detail}`))
  }
}
