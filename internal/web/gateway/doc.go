// Package gateway is what proxies and the browsers behind them talk to.
//
//	/forward-auth            the decision; the original request is in headers
//	/forward-auth/envoy/…    the same, the original request being the rest
//	/forward-auth/start      a browser without a gate comes here, on our own host
//	/.mortise/callback       and ends here, on the protected host
//	/.mortise/logout         leaves the protected host
//
// The decision and /.mortise stand outside of web.Frame. The decision is asked
// for by proxies, for each request of a site, in any method and with paths that
// http.ServeMux would tidy up; /.mortise answers under the hosts of sites. Both
// check for themselves what the frame checks for others: who the peer is, which
// host is meant, where a request comes from.
//
// A proxy is believed only when the operator named it (SE-53). The original
// request is read from one family of headers: X-Original-URL and
// X-Original-Method, or X-Forwarded-Method, -Proto, -Host and -Uri. Where one of
// each is present, a client may have written one of them, and nothing is believed.
//
// Every answer that lets a request pass names every header a proxy has to set,
// empty ones too, so that whatever the client sent under these names is replaced
// (SE-51). Cookie is one of them: it is the client's without ours (TH-37).
package gateway
