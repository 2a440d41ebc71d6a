package conformance

import "testing"

func TestConformanceBasicOP(t *testing.T) {
	plan(t, variant{}, basic())
}

// Form Post OP is the same modules with every response as a form.
func TestConformanceFormPostOP(t *testing.T) {
	plan(t, variant{formPost: true}, basic())
}

func basic() []module {
	return []module{
		{"oidcc-server", server},
	}
}

// server is the happy path with two clients.
func server(m *run) {
	b := m.browser()
	for range 2 {
		m.rp.client().signIn(b)
	}
}
