{{- /* Of a container that enters the pods' namespaces and cgroups. Not privileged: each capability is named. */ -}}
{{- define "bulkhead.hostSecurity" -}}
privileged: false
runAsUser: 0
readOnlyRootFilesystem: true
seccompProfile: {type: Unconfined}
{{- /* The default profile of container runtimes denies mount. */}}
appArmorProfile: {type: Unconfined}
capabilities:
  drop: [ALL]
  add: {{- toYaml . | nindent 2 }}
{{- end }}
