import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { METRICS } from '@warren/contracts'
import { at, CHART, objectsOf, pick, ROOT, type Values } from './support/chart.ts'

type Alert = { alert: string; expr: string; labels: Values; annotations: { runbook_url: string } }
type Panel = { title: string; targets?: { expr: string }[] }

const objects = objectsOf('highly-available')
const rule = pick(objects, 'PrometheusRule', 'warren')
const alerts = (at(rule, 'spec.groups') as { rules: Alert[] }[]).flatMap((group) => group.rules)
const dashboard = JSON.parse(readFileSync(join(CHART, 'files', 'dashboard.json'), 'utf8')) as {
  panels: Panel[]
}

/** What others than Warren measure: Prometheus, its client library, kubelets. */
const FOREIGN = /^(process|nodejs|container)_/
/** Metrics that the registry of every process has. */
const COMMON = ['warren_build_info']

/** Names in an expression, without the parts that histograms add and without functions, labels and their values. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '')
  const names = bare.match(/\b[a-z]+(?:_[a-z0-9]+)+\b(?!\s*\()/g) ?? []
  return names.map((name) => name.replace(/_(bucket|count|sum)$/, ''))
}

test('alerts and dashboard ask for metrics that exist', () => {
  const known = new Set<string>([...Object.values(METRICS), ...COMMON])
  const asked = [
    ...alerts.map(({ alert, expr }) => [alert, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => [title, expr] as const),
    ),
  ]
  assert.ok(asked.length > 25)
  for (const [where, expr] of asked) {
    const names = metricsIn(expr)
    assert.ok(names.length > 0, `${where} asks for nothing: ${expr}`)
    assert.deepEqual(
      names.filter((name) => !known.has(name) && !FOREIGN.test(name)),
      [],
      where,
    )
  }
})

test('every alert has a severity, a page to turn to, and no page is left over', () => {
  const pages = readdirSync(join(ROOT, 'docs', 'runbooks')).filter((file) => file !== 'README.md')
  assert.deepEqual(alerts.map(({ alert }) => `${alert}.md`).sort(), pages.sort())
  for (const { alert, labels, annotations } of alerts) {
    assert.match(String(labels.severity), /^(critical|warning)$/, alert)
    assert.equal(labels.team, 'messaging')
    assert.ok(existsSync(join(ROOT, annotations.runbook_url)), annotations.runbook_url)
  }
})

test('metrics are asked of a port that the pods have', () => {
  for (const component of ['operator', 'api', 'session']) {
    const monitor = pick(objects, 'PodMonitor', component)
    assert.equal(at(monitor, 'spec.podMetricsEndpoints.0.port'), 'health')
  }
  for (const name of ['-operator', '-api-web', '-api-worker']) {
    const ports = at(pick(objects, 'Deployment', name), 'spec.template.spec.containers.0.ports') as Values[]
    assert.ok(
      ports.some((port) => port.name === 'health'),
      name,
    )
  }
})
