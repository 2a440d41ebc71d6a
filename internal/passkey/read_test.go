package passkey

import (
	"reflect"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
)

// Answers are read as the library reads them, and none that it refuses is taken.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"id":"AQ","rawId":"AQ==","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAQ","signature":"AQ","userHandle":null},"clientExtensionResults":{}}`,
		`{"id":"AQ","rawId":"AQ","type":"public-key","authenticatorAttachment":"platform","response":{"clientDataJSON":"eyJ0eXBlIjoieCJ9","authenticatorData":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAQ","signature":"AQ","userHandle":""},"clientExtensionResults":{"appid":true,"more":[1]}}`,
		`{"id":"AQ","rawId":1}`, `{"id":"AQ","rawId":"A!"}{}`, `{"clientExtensionResults":null}`, `{"id":"\n","rawId":"="}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		got, err := parse(answer)
		want, refused := protocol.ParseCredentialRequestResponseBytes(answer)
		if (err == nil) != (refused == nil) {
			t.Fatalf("%q: %v, the library %v", answer, err, refused)
		}
		if err != nil {
			return
		}
		for _, p := range []*protocol.ParsedCredentialAssertionData{got, want} { // empty or absent is all the same
			for _, b := range []*[]byte{&p.RawID, &p.Response.Signature, &p.Response.UserHandle} {
				*b = append([]byte(nil), *b...)
			}
			p.Raw = protocol.CredentialAssertionResponse{AssertionResponse: protocol.AuthenticatorAssertionResponse{
				AuthenticatorResponse: protocol.AuthenticatorResponse{ClientDataJSON: p.Raw.AssertionResponse.ClientDataJSON},
			}}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n%+v\n%+v", answer, got, want)
		}
	})
}
