{{- define "bulkhead.operator" -}}{{ .Release.Name }}-operator{{- end }}
{{- define "bulkhead.nodeAgent" -}}{{ .Release.Name }}-node-agent{{- end }}

{{- /* Usage: include "bulkhead.image" (list . "operator") */ -}}
{{- define "bulkhead.image" -}}
{{- $root := index . 0 -}}
{{ $root.Values.image.registry }}/{{ index . 1 }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}
{{- end }}

{{- /* Usage: include "bulkhead.labels" (list . "operator") */ -}}
{{- define "bulkhead.labels" -}}
{{- $root := index . 0 -}}
{{ include "bulkhead.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- define "bulkhead.selector" -}}
app.kubernetes.io/name: bulkhead
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}
