{{/* Where a component may always go: the cluster's DNS. */}}
{{- define "warren.egressDns" -}}
- to:
    - namespaceSelector: {}
      podSelector: {{- toYaml .Values.networkPolicy.dns.podSelector | nindent 8 }}
    {{- range .Values.networkPolicy.dns.cidrs }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
  ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end -}}

{{/* Egress to a data service: its ports, and its peers where they were named. Arguments: the peer's values. */}}
{{- define "warren.egressTo" -}}
- ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ int . }} }
    {{- end }}
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Ingress of probes (by kubelets, which no policy stops) and metrics. */}}
{{- define "warren.ingressMetrics" -}}
- ports:
    - { protocol: TCP, port: 8081 }
  {{- with .Values.networkPolicy.metrics.from }}
  from: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "warren.egressSimulator" -}}
- to:
    - namespaceSelector:
        matchLabels: { kubernetes.io/metadata.name: {{ .Release.Namespace }} }
      podSelector:
        matchLabels: {{- include "warren.selector" (list . "simulator") | nindent 10 }}
  ports:
    - { protocol: TCP, port: 7700 }
    - { protocol: TCP, port: 7701 }
    - { protocol: TCP, port: 7702 }
    - { protocol: TCP, port: 7703 }
{{- end -}}
