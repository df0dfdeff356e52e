#!/bin/sh
# certs.sh DIR: a certificate authority and certificates with one fault each, for tests on loopback.
set -eu
cd "$1"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
authority() {
    key "$1"
    openssl req -x509 -new -key "$1.key" -out "$1.pem" -days 30 -subj "/CN=cloudtape test $1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}
# leaf NAME CA SAN START END
leaf() {
    key "$1"
    openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1"
    : >index.txt
    printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\nunique_subject=no\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=%s\n' "$3" >ca.cnf
    openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" \
        -startdate "$4" -enddate "$5" -in "$1.csr" -out "$1.pem"
}
{
    authority ca
    authority other
    here=DNS:localhost,IP:127.0.0.1,DNS:$(uname -n)
    leaf good ca "$here" 20200101000000Z 20991231000000Z
    leaf wrong-host ca DNS:elsewhere.test 20200101000000Z 20991231000000Z
    leaf expired ca "$here" 20200101000000Z 20210101000000Z
    leaf unknown-ca other "$here" 20200101000000Z 20991231000000Z
    key self-signed
    openssl req -x509 -new -key self-signed.key -out self-signed.pem -days 30 -subj /CN=localhost \
        -addext "subjectAltName=$here"
} >certs.log 2>&1 || { cat certs.log >&2; exit 1; }
