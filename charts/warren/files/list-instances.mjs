// Names of the instances that this pod's service account may see, as namespace/name.
import { readFileSync } from 'node:fs'
async function instances() {
  const token = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8')
  const server = `https://${process.env.KUBERNETES_SERVICE_HOST}:${process.env.KUBERNETES_SERVICE_PORT}`
  const namespaces = (process.env.WATCH_NAMESPACES ?? '').split(',').filter(Boolean)
  const paths = namespaces.length > 0 ? namespaces.map((name) => `namespaces/${name}/`) : ['']
  const lists = await Promise.all(paths.map(async (path) => {
    const url = `${server}/apis/warren.dev/v1alpha1/${path}whatsappinstances`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (answer.status === 404) return []
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()).items
  }))
  return lists.flat().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}
