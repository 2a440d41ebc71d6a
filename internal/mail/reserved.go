package mail

import (
	"slices"
	"strings"
)

// reserved are the domains of RFC 2606 and RFC 6761: nobody can receive there.
var reserved = []string{"test", "example", "invalid", "localhost", "example.com", "example.net", "example.org"}

// Reserved reports whether address lies in a domain for tests and examples, or
// below one.
func Reserved(address string) bool {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	domain = strings.TrimSuffix(domain, ".")
	return slices.ContainsFunc(reserved, func(r string) bool {
		return domain == r || strings.HasSuffix(domain, "."+r)
	})
}
