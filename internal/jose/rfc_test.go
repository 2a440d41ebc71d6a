package jose

import (
	"strings"
	"testing"
)

const (
	rfc7515RSA = `{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}`
	rfc7515EC  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	rfc8037OKP = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rfc7638RSA = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`

	rfc7515Claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	rfc7515A2     = "eyJhbGciOiJSUzI1NiJ9." + rfc7515Claims + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
	rfc7515A3     = "eyJhbGciOiJFUzI1NiJ9." + rfc7515Claims + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	rfc7515A5     = "eyJhbGciOiJub25lIn0." + rfc7515Claims + "."
	rfc8037A4     = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

func parseSet(t testing.TB, keys ...string) KeySet {
	t.Helper()
	set, err := ParseKeySet([]byte(`{"keys":[` + strings.Join(keys, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// The examples of RFC 7515 A.2, A.3 and RFC 8037 A.4, whose headers name no kid, are
// taken by the one key that fits their alg; A.5, which nobody signed, by none.
// JW-62 JW-46 JW-11
func TestRFCExamples(t *testing.T) {
	set := parseSet(t, rfc7515RSA, rfc7515EC, rfc8037OKP)
	const claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
	for name, c := range map[string]struct{ text, payload string }{
		"7515 A.2": {rfc7515A2, claims},
		"7515 A.3": {rfc7515A3, claims},
		"8037 A.4": {rfc8037A4, "Example of Ed25519 signing"},
	} {
		payload, _, err := Verify(c.text, "JWT", set)
		if err != nil || string(payload) != c.payload {
			t.Errorf("%s: %q, %v", name, payload, err)
		}
		if _, _, err := Verify(c.text, "at+jwt", set); err != ErrType {
			t.Errorf("%s as an access token: %v", name, err)
		}
	}
	if _, _, err := Verify(rfc7515A5, "JWT", set); err != ErrAlgorithm {
		t.Errorf("7515 A.5: %v", err)
	}
}

// Without a kid there must be one candidate, and somebody who looks keys up by kid
// only has none. JW-46
func TestNoKeyID(t *testing.T) {
	other := generate(t, EdDSA).Public()
	two := parseSet(t, rfc8037OKP, string(other.JWK()))
	if _, _, err := Verify(rfc8037A4, "JWT", two); err != ErrUnknownKey {
		t.Errorf("two candidates: %v", err)
	}
	one := parseSet(t, rfc8037OKP)
	if _, _, err := Verify(rfc8037A4, "JWT", onlyByID{one}); err != ErrUnknownKey {
		t.Errorf("look-up by kid only: %v", err)
	}
}

type onlyByID struct{ Keys }

// RFC 7638 3.1 and RFC 8037 A.3: a key without kid is known by its thumbprint.
// JW-41 JW-62
func TestThumbprints(t *testing.T) {
	for jwk, want := range map[string]string{
		rfc7638RSA: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
		rfc8037OKP: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
	} {
		key := parseSet(t, jwk).Keys()[0]
		if got := key.Thumbprint(); got != want {
			t.Errorf("%s, not %s", got, want)
		}
		if key.ID() != want && key.ID() != "2011-04-29" {
			t.Errorf("ID %s", key.ID())
		}
	}
}
