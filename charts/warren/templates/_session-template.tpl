{{/* What all session pods have in common, as the operator reads it. */}}
{{- define "warren.sessionTemplate" -}}
{{- $session := .Values.session -}}
{{- $env := dict
  "MALLOC_ARENA_MAX" "1"
  "UV_THREADPOOL_SIZE" "1"
  "MONGODB_SESSIONS_DB" .Values.mongodb.sessionsDatabase
  "LOG_LEVEL" $session.logLevel
  "HEALTH_PORT" "8081"
  "NODE_ENV" (ternary "development" "production" .Values.simulator.enabled)
-}}
{{- if .Values.simulator.enabled -}}
{{- $_ := set $env "WARREN_WHATSAPP_SIMULATOR" (printf "http://%s:7701" (include "warren.simulatorHost" .)) -}}
{{- end -}}
{{- $template := dict
  "image" (include "warren.image" (list . $session.image))
  "imagePullPolicy" .Values.image.pullPolicy
  "command" (concat (list "node") $session.nodeFlags (list "/app/main.mjs"))
  "env" (merge (dict) $session.env $env)
  "keyFolder" "/etc/warren/instance"
  "terminationGracePeriodSeconds" (int $session.terminationGracePeriodSeconds)
  "resources" $session.resources
-}}
{{- with .Values.image.pullSecrets -}}
{{- $names := list -}}
{{- range . -}}{{- $names = append $names (dict "name" .) -}}{{- end -}}
{{- $_ := set $template "imagePullSecrets" $names -}}
{{- end -}}
{{- if or $session.priorityClass.create $session.priorityClass.name -}}
{{- $_ := set $template "priorityClassName" (include "warren.sessionPriorityClass" .) -}}
{{- end -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" -}}
{{- with index $session $key -}}
{{- $_ := set $template $key . -}}
{{- end -}}
{{- end -}}
{{- toJson $template -}}
{{- end -}}

{{- define "warren.sessionPriorityClass" -}}
{{- default (printf "%s-session" (include "warren.clustername" .)) .Values.session.priorityClass.name -}}
{{- end -}}
