{{/*
Passwords of the demo's data services, made once and found again, as JSON. The Secret is immutable, so that whatever renders without a
cluster cannot change them behind the services' backs.
*/}}
{{- define "warren.demoPasswords" -}}
{{- if not .Values.demoState -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (printf "%s-demo" (include "warren.fullname" .)) -}}
{{- $made := dict -}}
{{- if $found -}}
{{- range $name, $value := $found.data -}}{{- $_ := set $made $name (b64dec $value) -}}{{- end -}}
{{- else -}}
{{- range list "mongodb" "valkey" "s3" -}}{{- $_ := set $made . (randAlphaNum 32) -}}{{- end -}}
{{- $_ := set $made "mongodb-keyfile" (randAlphaNum 128) -}}
{{- end -}}
{{- $_ := set .Values "demoState" $made -}}
{{- end -}}
{{- toJson .Values.demoState -}}
{{- end -}}

{{/* The head of a demo's StatefulSet and what all of them share. Arguments: the root, the name. */}}
{{- define "warren.demoMeta" -}}
metadata:
  name: {{ include "warren.fullname" (index . 0) }}-demo-{{ index . 1 }}
  namespace: {{ (index . 0).Release.Namespace }}
  labels: {{- include "warren.labels" (list (index . 0) (printf "demo-%s" (index . 1))) | nindent 4 }}
{{- end -}}

{{- define "warren.demoService" -}}
apiVersion: v1
kind: Service
{{ include "warren.demoMeta" . }}
spec:
  clusterIP: None
  # A replica set of one must find itself before it is ready.
  publishNotReadyAddresses: true
  selector: {{- include "warren.selector" (list (index . 0) (printf "demo-%s" (index . 1))) | nindent 4 }}
  ports:
    - name: {{ index . 1 }}
      port: {{ index . 2 }}
{{- end -}}

{{- define "warren.demoClaim" -}}
volumeClaimTemplates:
  - metadata:
      name: data
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .Values.demo.storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests: { storage: {{ .Values.demo.storage }} }
{{- end -}}
