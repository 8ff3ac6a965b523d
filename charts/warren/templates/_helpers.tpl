{{/* Base of all names: the release's, with the chart's where that does not say it already. */}}
{{- define "warren.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Name of an object that is not in a namespace: two releases must not share it. */}}
{{- define "warren.clustername" -}}
{{- printf "%s-%s" .Release.Namespace (include "warren.fullname" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels by which pods are selected. Arguments: the root, the component. */}}
{{- define "warren.selector" -}}
app.kubernetes.io/name: warren
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels by which the operator's session pods are selected. */}}
{{- define "warren.sessionSelector" -}}
app.kubernetes.io/name: warren
app.kubernetes.io/component: session
{{- end -}}

{{/* All labels of an object. Arguments: the root, the component. */}}
{{- define "warren.labels" -}}
{{ include "warren.selector" . }}
app.kubernetes.io/part-of: warren
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Reference of an image of ours. Arguments: the root, the image's values. */}}
{{- define "warren.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- $registry := $root.Values.image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry $image.repository) $image.repository (ne $registry "") -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default (default $root.Chart.AppVersion $root.Values.image.tag) $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the restricted profile of Pod Security asks of a pod, and the user of our images. */}}
{{- define "warren.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "warren.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where pods of a component go. Arguments: the root, the component's name, its values. */}}
{{- define "warren.scheduling" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}{{- $values := index . 2 -}}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $values.topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml $values.topologySpreadConstraints | nindent 2 }}
{{- else }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "warren.selector" (list $root $component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Liveness and readiness on the port `health`. */}}
{{- define "warren.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: health }
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: health }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: health }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}

{{- define "warren.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Name of the Secret with the master key and the secret of the tokens. */}}
{{- define "warren.keysSecret" -}}
{{- default (printf "%s-keys" (include "warren.fullname" .)) .Values.secrets.existingSecret -}}
{{- end -}}

{{/* Name of the Secret with the addresses of the data services that were given as values. */}}
{{- define "warren.connectionsSecret" -}}
{{- printf "%s-connections" (include "warren.fullname" .) -}}
{{- end -}}

{{/*
Volume with a component's secrets as files. Arguments: the root, and what it needs: a list of
mongodb, mongodb-session, redis, s3, master-key, jwt-secret, proxy-master-key.
*/}}
{{- define "warren.secretsVolume" -}}
{{- $root := index . 0 -}}{{- $needed := index . 1 -}}{{- $values := $root.Values -}}
{{- $own := include "warren.connectionsSecret" $root -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- if has "mongodb" $needed }}
      - secret:
          name: {{ default $own $values.mongodb.existingSecret.name }}
          items: [{ key: {{ ternary $values.mongodb.existingSecret.key "mongodb-uri" (ne $values.mongodb.existingSecret.name "") }}, path: mongodb-uri }]
      {{- end }}
      {{- if and (has "mongodb-session" $needed) (include "warren.sessionMongodbKey" $root) }}
      - secret:
          name: {{ default $own $values.mongodb.existingSecret.name }}
          items: [{ key: {{ include "warren.sessionMongodbKey" $root }}, path: mongodb-session-uri }]
      {{- end }}
      {{- if has "redis" $needed }}
      - secret:
          name: {{ default $own $values.redis.existingSecret.name }}
          items: [{ key: {{ ternary $values.redis.existingSecret.key "redis-url" (ne $values.redis.existingSecret.name "") }}, path: redis-url }]
      {{- end }}
      {{- if has "s3" $needed }}
      - secret:
          name: {{ default $own $values.s3.existingSecret.name }}
          items:
            - { key: {{ ternary $values.s3.existingSecret.accessKeyKey "s3-access-key" (ne $values.s3.existingSecret.name "") }}, path: s3-access-key }
            - { key: {{ ternary $values.s3.existingSecret.secretKeyKey "s3-secret-key" (ne $values.s3.existingSecret.name "") }}, path: s3-secret-key }
      {{- end }}
      {{- if has "master-key" $needed }}
      - secret:
          name: {{ include "warren.keysSecret" $root }}
          items: [{ key: {{ $values.secrets.masterKeyKey }}, path: master-key }]
      {{- end }}
      {{- if has "jwt-secret" $needed }}
      - secret:
          name: {{ include "warren.keysSecret" $root }}
          items: [{ key: {{ $values.secrets.jwtSecretKey }}, path: jwt-secret }]
      {{- end }}
      {{- if and (has "proxy-master-key" $needed) $values.secrets.proxyMasterKeyKey }}
      - secret:
          name: {{ include "warren.keysSecret" $root }}
          items: [{ key: {{ $values.secrets.proxyMasterKeyKey }}, path: proxy-master-key }]
      {{- end }}
{{- end -}}

{{/* Key of the connection string that session pods have of their own; empty when they have none. */}}
{{- define "warren.sessionMongodbKey" -}}
{{- if .Values.demo.enabled -}}
{{- else if .Values.mongodb.existingSecret.name -}}
{{- .Values.mongodb.existingSecret.sessionKey -}}
{{- else if .Values.mongodb.sessionUri -}}
mongodb-session-uri
{{- end -}}
{{- end -}}

{{/* Environment from plain values: a map of name to value. */}}
{{- define "warren.env" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Namespace of instances that are created over REST. */}}
{{- define "warren.instanceNamespace" -}}
{{- default .Release.Namespace .Values.api.instanceNamespace -}}
{{- end -}}

{{/* Namespaces that get what session pods need there (a policy of the network, a budget of disruptions), as JSON. */}}
{{- define "warren.sessionNamespaces" -}}
{{- concat .Values.watchNamespaces (list (include "warren.instanceNamespace" .)) | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Name by which session pods reach the simulator, whatever their namespace. */}}
{{- define "warren.simulatorHost" -}}
{{- printf "%s-simulator.%s.svc" (include "warren.fullname" .) .Release.Namespace -}}
{{- end -}}

{{/* Checks that go beyond the schema. */}}
{{- define "warren.validate" -}}
{{- $values := .Values -}}
{{- if and (not $values.demo.enabled) (not $values.mongodb.uri) (not $values.mongodb.existingSecret.name) -}}
{{- fail "\n\nWhere is MongoDB? Set mongodb.existingSecret.name (a Secret with the connection string) or mongodb.uri;\nto try Warren out, demo.enabled=true brings small data services along." -}}
{{- end -}}
{{- if and (not $values.demo.enabled) (not $values.redis.url) (not $values.redis.existingSecret.name) -}}
{{- fail "\n\nWhere is Redis? Set redis.existingSecret.name (a Secret with the URL) or redis.url;\nto try Warren out, demo.enabled=true brings small data services along." -}}
{{- end -}}
{{- if and (not $values.demo.enabled) (not $values.s3.endpoint) -}}
{{- fail "\n\nWhere do media go? Set s3.endpoint and s3.bucket, with s3.existingSecret.name or s3.accessKey and s3.secretKey;\nto try Warren out, demo.enabled=true brings small data services along." -}}
{{- end -}}
{{- if and (not $values.demo.enabled) (not $values.s3.existingSecret.name) (not (and $values.s3.accessKey $values.s3.secretKey)) -}}
{{- fail "\n\nThe object store needs keys: set s3.existingSecret.name, or s3.accessKey and s3.secretKey." -}}
{{- end -}}
{{- if and $values.watchNamespaces (not (has (include "warren.instanceNamespace" .) $values.watchNamespaces)) -}}
{{- fail (printf "\n\nInstances made over REST would go to the namespace %s, which is not one of watchNamespaces:\nset api.instanceNamespace to one of them." (include "warren.instanceNamespace" .)) -}}
{{- end -}}
{{- end -}}
