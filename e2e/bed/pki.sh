#!/usr/bin/env bash
# Makes the bed's certificates and kubeconfigs (which carry their certificates within), once per bed.
# usage: pki.sh FOLDER CONTROL_PLANE_ADDRESS WORKER...
# FOLDER/control-plane is mounted at /pki of the control plane, FOLDER/<worker> at /pki of that worker.
set -euo pipefail
folder=$1 address=$2
shift 2
mkdir -p "$folder/control-plane"
cd "$folder/control-plane"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

certificate() { # NAME SUBJECT [SUBJECT_ALT_NAMES]
  key "$1"
  openssl x509 -req -days 3650 -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" \
    -in <(openssl req -new -key "$1.key" -subj "$2") \
    -extfile <(printf 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}") 2>/dev/null
}

kubeconfig() { # NAME FILE
  cat >"$2" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: bulkhead-bed
  cluster: {server: "https://$address:6443", certificate-authority-data: $(base64 -w0 ca.crt)}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}
contexts:
- name: bulkhead-bed
  context: {cluster: bulkhead-bed, user: $1}
current-context: bulkhead-bed
YAML
}

key ca
openssl req -x509 -new -key ca.key -subj /CN=bulkhead-bed -days 3650 -out ca.crt
key service-account
openssl ec -in service-account.key -pubout -out service-account.pub 2>/dev/null
certificate apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$address,IP:10.96.0.1,DNS:kubernetes.default.svc"
certificate admin /O=system:masters/CN=admin
kubeconfig admin admin.conf
certificate kube-proxy /CN=system:kube-proxy
for worker in "$@"; do
  mkdir -p "../$worker"
  cp ca.crt "../$worker/"
  certificate "$worker" "/O=system:nodes/CN=system:node:$worker"
  kubeconfig "$worker" "../$worker/kubelet.conf"
  kubeconfig kube-proxy "../$worker/kube-proxy.conf"
done
