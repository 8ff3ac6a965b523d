// What the chart's hooks run: `uninstall` fails while there are instances, `test` fails unless the API is ready and instances can be listed.
import { readFileSync } from 'node:fs'

const [, mode] = process.argv
const { env } = process

/** Names of the instances that this pod's service account may see, as namespace/name. */
async function instances() {
  const token = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8')
  const namespaces = (env.WATCH_NAMESPACES ?? '').split(',').filter(Boolean)
  const paths = namespaces.length > 0 ? namespaces.map((name) => `namespaces/${name}/`) : ['']
  const lists = await Promise.all(
    paths.map(async (path) => {
      const url = `https://${env.KUBERNETES_SERVICE_HOST}:${env.KUBERNETES_SERVICE_PORT}/apis/warren.dev/v1alpha1/${path}whatsappinstances`
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      // The definition itself is gone.
      if (answer.status === 404) return []
      if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()).items
    }),
  )
  return lists.flat().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

const found = await instances()
if (mode === 'test') {
  const ready = await fetch(`${env.API_URL}/readyz`)
  console.log(`/readyz: ${ready.status} ${await ready.text()}`)
  console.log(`instances: ${found.length}`)
  process.exitCode = ready.ok ? 0 : 1
} else if (found.length > 0) {
  console.error(
    `Instances are left (${found.length}): ${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''}`,
  )
  console.error('Delete them first: kubectl delete whatsappinstances --all --all-namespaces')
  // Helm has noted the release as being uninstalled by now, and upgrades no such release.
  console.error(`Or keep Warren, which Helm upgrades again only after: ${env.KEEP}`)
  process.exitCode = 1
}
