/** The CustomResourceDefinition, made from the schema. `npm run generate` writes it to crds/. */

import { INSTANCE_SCHEMA } from './schema.ts'
import { API_VERSION, GROUP, KIND, PLURAL, VERSION } from './types.ts'

/** A column of `kubectl get wai`. `priority: 1` is shown with `-o wide` only. */
type PrinterColumn = {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  description: string
  priority?: number
}

export const PRINTER_COLUMNS: readonly PrinterColumn[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Ready')].status",
    description: 'Whether messages can be sent and received',
  },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: ".status.conditions[?(@.type=='Ready')].reason",
    description: 'Why it is ready or not',
  },
  { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Summary of the conditions' },
  { name: 'Phone', type: 'string', jsonPath: '.status.account.phone', description: 'The linked number' },
  {
    name: 'Organization',
    type: 'string',
    jsonPath: '.spec.organization',
    description: 'The tenant',
    priority: 1,
  },
  { name: 'Pod', type: 'string', jsonPath: '.status.pod', description: 'The session pod', priority: 1 },
  { name: 'Node', type: 'string', jsonPath: '.status.node', description: 'Where it runs', priority: 1 },
  {
    name: 'Epoch',
    type: 'integer',
    jsonPath: '.status.epoch',
    description: 'How often a process took the session over',
    priority: 1,
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since when it exists' },
]

/** The CRD as a plain object, ready to be written as YAML. */
export function instanceCrd() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${PLURAL}.${GROUP}`,
      annotations: { 'warren.dev/generated-from': `packages/contracts/src/resource (${API_VERSION})` },
    },
    spec: {
      group: GROUP,
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: 'whatsappinstance',
        shortNames: ['wai'],
        categories: ['all', 'warren'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: PRINTER_COLUMNS,
          schema: { openAPIV3Schema: INSTANCE_SCHEMA },
        },
      ],
    },
  }
}
