package clients

import "testing"

// contextProtocol is the SDK of the Model Context Protocol, on both sides: what AI
// tools do with servers they have never seen. OA-54
func contextProtocol(t *testing.T, w *world) {
	ran(t, w.script(t, "mcp.mjs", "assistant", "tool@example.test"),
		"RFC 9728, registration, code, PKCE and resource", "a tool is called by a registered client", "refresh by itself when the token is refused",
		"RFC 9728, Client ID Metadata Document, code, PKCE and resource", "a tool is called by a client known by its address")
}
