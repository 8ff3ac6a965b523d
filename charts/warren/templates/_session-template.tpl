{{/* What all session pods have in common, as the operator reads it. */}}
{{- define "warren.sessionTemplate" -}}
{{- $session := .Values.session -}}
{{- $env := dict
  "MONGODB_SESSIONS_DB" .Values.mongodb.sessionsDatabase
  "LOG_LEVEL" $session.logLevel
  "HEALTH_PORT" "8081"
  "NODE_ENV" (ternary "development" "production" .Values.simulator.enabled)
-}}
{{- if .Values.simulator.enabled -}}
{{- $_ := set $env "WARREN_WHATSAPP_SIMULATOR" (printf "http://%s:7701" (include "warren.simulatorHost" .)) -}}
{{- end -}}
{{- range $name, $value := $session.env -}}
{{- $_ := set $env $name (toString $value) -}}
{{- end -}}
{{- $template := dict
  "image" (include "warren.image" (list . $session.image))
  "imagePullPolicy" .Values.image.pullPolicy
  "env" $env
  "keyFolder" "/etc/warren/instance"
  "healthPort" 8081
  "runAs" (dict "user" 1000 "group" 1000 "fsGroup" 1000)
  "terminationGracePeriodSeconds" (int $session.terminationGracePeriodSeconds)
  "resources" $session.resources
-}}
{{- with .Values.image.pullSecrets -}}
{{- $_ := set $template "imagePullSecrets" . -}}
{{- end -}}
{{- if .Values.watchNamespaces -}}
{{- $_ := set $template "serviceAccountName" (include "warren.sessionServiceAccount" .) -}}
{{- end -}}
{{- if or $session.priorityClass.create $session.priorityClass.name -}}
{{- $_ := set $template "priorityClassName" (include "warren.sessionPriorityClass" .) -}}
{{- end -}}
{{- with $session.podLabels -}}{{- $_ := set $template "labels" . -}}{{- end -}}
{{- with $session.podAnnotations -}}{{- $_ := set $template "annotations" . -}}{{- end -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" -}}
{{- with index $session $key -}}
{{- $_ := set $template $key . -}}
{{- end -}}
{{- end -}}
{{- toJson $template -}}
{{- end -}}

{{- define "warren.sessionServiceAccount" -}}
{{- printf "%s-session" (include "warren.fullname" .) -}}
{{- end -}}

{{- define "warren.sessionPriorityClass" -}}
{{- default (printf "%s-session" (include "warren.clustername" .)) .Values.session.priorityClass.name -}}
{{- end -}}
