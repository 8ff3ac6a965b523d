{{/* A Deployment of the API. Arguments: the root, the role (web or worker), its values. */}}
{{- define "warren.apiDeployment" -}}
{{- $root := index . 0 -}}{{- $role := index . 1 -}}{{- $own := index . 2 -}}
{{- $api := $root.Values.api -}}{{- $component := printf "api-%s" $role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "warren.fullname" $root }}-{{ $component }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "warren.labels" (list $root $component) | nindent 4 }}
spec:
  {{- if not (and (eq $role "web") $own.autoscaling.enabled) }}
  replicas: {{ $own.replicas }}
  {{- end }}
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  selector:
    matchLabels: {{- include "warren.selector" (list $root $component) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "warren.labels" (list $root $component) | nindent 8 }}
        {{- with $own.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        {{- if not $root.Values.demo.enabled }}
        checksum/connections: {{ include (print $root.Template.BasePath "/connections-secret.yaml") $root | sha256sum }}
        {{- end }}
        {{- with $own.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: {{ include "warren.fullname" $root }}-api
      {{- include "warren.pullSecrets" $root | nindent 6 }}
      securityContext: {{- include "warren.podSecurity" $root | nindent 8 }}
      # A load balancer needs a moment to see that the replica goes; then requests under way are finished and streams told to come back.
      terminationGracePeriodSeconds: 45
      enableServiceLinks: false
      containers:
        - name: api
          image: {{ include "warren.image" (list $root $api.image) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [--role, {{ $role }}]
          env:
            - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
            - { name: MONGODB_URI_FILE, value: /etc/warren/secrets/mongodb-uri }
            - { name: MONGODB_SESSIONS_DB, value: {{ $root.Values.mongodb.sessionsDatabase | quote }} }
            - { name: PLATFORM_DB, value: {{ $root.Values.mongodb.platformDatabase | quote }} }
            - { name: REDIS_URL_FILE, value: /etc/warren/secrets/redis-url }
            - { name: JWT_SECRET_FILE, value: /etc/warren/secrets/jwt-secret }
            {{- if $root.Values.secrets.proxyMasterKeyKey }}
            - { name: WARREN_PROXY_MASTER_KEY_FILE, value: /etc/warren/secrets/proxy-master-key }
            {{- end }}
            - { name: S3_ENDPOINT, value: {{ include "warren.s3Endpoint" $root | quote }} }
            {{- with $root.Values.s3.publicEndpoint }}
            - { name: S3_PUBLIC_ENDPOINT, value: {{ . | quote }} }
            {{- end }}
            - { name: S3_BUCKET, value: {{ $root.Values.s3.bucket | quote }} }
            - { name: S3_REGION, value: {{ $root.Values.s3.region | quote }} }
            - { name: S3_ACCESS_KEY_FILE, value: /etc/warren/secrets/s3-access-key }
            - { name: S3_SECRET_KEY_FILE, value: /etc/warren/secrets/s3-secret-key }
            - { name: INSTANCE_NAMESPACE, value: {{ include "warren.instanceNamespace" $root }} }
            - { name: WATCH_NAMESPACES, value: {{ join "," $root.Values.watchNamespaces | quote }} }
            - { name: PORT, value: "3000" }
            - { name: HEALTH_PORT, value: "8081" }
            - { name: LOG_LEVEL, value: {{ $api.logLevel | quote }} }
            {{- include "warren.env" $api.config | nindent 12 }}
          ports:
            {{- if eq $role "web" }}
            - { name: http, containerPort: 3000 }
            {{- end }}
            - { name: health, containerPort: 8081 }
          {{- include "warren.probes" $root | nindent 10 }}
          {{- if eq $role "web" }}
          lifecycle:
            # Kubernetes takes it out of the Service meanwhile, so that no request meets a closed port.
            preStop:
              sleep: { seconds: 5 }
          {{- end }}
          resources: {{- toYaml $own.resources | nindent 12 }}
          securityContext: {{- include "warren.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - { name: secrets, mountPath: /etc/warren/secrets, readOnly: true }
            - { name: tmp, mountPath: /tmp }
      volumes:
        {{- include "warren.secretsVolume" (list $root (list "mongodb" "redis" "s3" "jwt-secret" "proxy-master-key")) | nindent 8 }}
        - name: tmp
          emptyDir: { sizeLimit: 256Mi }
      {{- include "warren.scheduling" (list $root $component $own) | nindent 6 }}
{{- end -}}

{{- define "warren.s3Endpoint" -}}
{{- if .Values.demo.enabled -}}
{{- printf "http://%s-demo-s3.%s.svc:7070" (include "warren.fullname" .) .Release.Namespace -}}
{{- else -}}
{{- .Values.s3.endpoint -}}
{{- end -}}
{{- end -}}
