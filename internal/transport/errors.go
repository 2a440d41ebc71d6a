package transport

import "errors"

var (
	// ErrPlainHTTP: the listener can be reached from elsewhere and has no TLS.
	ErrPlainHTTP = errors.New("transport: plain http on an address that others can reach; set a certificate or ACME, listen on 127.0.0.1 behind a proxy, or allow it by name")
	// ErrSocketInUse: another process answers on the unix socket.
	ErrSocketInUse = errors.New("transport: another process answers on this socket")
	// ErrBadCertificate: the files are no usable pair for this host and time.
	ErrBadCertificate = errors.New("transport: unusable certificate")
	// ErrNotCached is what a Cache returns for a name it does not have.
	ErrNotCached = errors.New("transport: not in the certificate cache")
)
