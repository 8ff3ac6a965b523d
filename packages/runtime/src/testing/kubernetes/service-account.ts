import { parse, stringify } from 'yaml'
import type { TestCluster } from './with-kubernetes.ts'

/** As in a Role. */
export type PolicyRule = {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

type Kubeconfig = { readonly users: readonly { readonly name: string }[] }

/**
 * Makes a service account that may do in one namespace what the rules say, and nothing else.
 * @returns a kubeconfig, as text, of whoever acts as it
 */
export async function limitedKubeconfig(
  { client, kubeconfig }: Pick<TestCluster, 'client' | 'kubeconfig'>,
  account: { readonly namespace: string; readonly name: string; readonly rules: readonly PolicyRule[] },
): Promise<string> {
  const { namespace, name, rules } = account
  const metadata = { name }
  const core = `/api/v1/namespaces/${namespace}/serviceaccounts`
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  await client.request('POST', core, { body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata } })
  await client.request('POST', `${rbac}/roles`, { body: { apiVersion, kind: 'Role', metadata, rules } })
  await client.request('POST', `${rbac}/rolebindings`, {
    body: {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  })
  const { status } = await client.request<{ status: { token: string } }>('POST', `${core}/${name}/token`, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  })
  const config = parse(kubeconfig) as Kubeconfig
  const users = config.users.map((user) => ({ name: user.name, user: { token: status.token } }))
  return stringify({ ...config, users })
}
