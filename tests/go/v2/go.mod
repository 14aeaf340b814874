module lilypad.test/v2

go 1.24

require (
	github.com/decred/dcrd/dcrec/secp256k1/v4 v4.4.0
	github.com/gorilla/websocket v1.5.3
	golang.org/x/crypto v0.36.0
)

require golang.org/x/sys v0.31.0 // indirect
