{{- define "rpild.name" -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- end }}
{{- define "rpild.selector" -}}
app.kubernetes.io/name: rpild
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "rpild.labels" -}}
{{ include "rpild.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{- define "rpild.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end }}
{{- define "rpild.config" -}}
host = "0.0.0.0"
port = 8000
hosts = {{ .Values.replicas }}
secrets_file = "/run/rpild/secrets.toml"
{{ .Values.config }}
{{- end }}
