{{/* What the operator may do where instances live. It never reads a Secret that it does not know the name of: it may not list them. */}}
{{- define "warren.operatorRules" -}}
- apiGroups: [warren.dev]
  resources: [whatsappinstances]
  verbs: [get, list, watch, patch]
- apiGroups: [warren.dev]
  resources: [whatsappinstances/status]
  verbs: [get, patch, update]
# To own pods where the API server checks that owners may be held up.
- apiGroups: [warren.dev]
  resources: [whatsappinstances/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What the API may do: instances, and nothing else. */}}
{{- define "warren.apiRules" -}}
- apiGroups: [warren.dev]
  resources: [whatsappinstances]
  verbs: [get, list, watch, create, patch, delete]
{{- end -}}

{{/* A Role and its binding in one namespace. Arguments: the root, the component, the namespace, the rules. */}}
{{- define "warren.namespacedRole" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}{{- $namespace := index . 2 -}}{{- $rules := index . 3 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "warren.fullname" $root }}-{{ $component }}
  namespace: {{ $namespace }}
  labels: {{- include "warren.labels" (list $root $component) | nindent 4 }}
rules: {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "warren.fullname" $root }}-{{ $component }}
  namespace: {{ $namespace }}
  labels: {{- include "warren.labels" (list $root $component) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "warren.fullname" $root }}-{{ $component }}
subjects:
  - kind: ServiceAccount
    name: {{ include "warren.fullname" $root }}-{{ $component }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}

{{/* A ClusterRole and its binding. Arguments: the root, the component, the rules. */}}
{{- define "warren.clusterRole" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}{{- $rules := index . 2 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "warren.clustername" $root }}-{{ $component }}
  labels: {{- include "warren.labels" (list $root $component) | nindent 4 }}
rules: {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "warren.clustername" $root }}-{{ $component }}
  labels: {{- include "warren.labels" (list $root $component) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "warren.clustername" $root }}-{{ $component }}
subjects:
  - kind: ServiceAccount
    name: {{ include "warren.fullname" $root }}-{{ $component }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}
