//! The headers of a signed request, read strictly.

use super::super::error::refused;
use super::super::grant::SignedGrant;
use super::super::{BodyDigest, Nonce};
use super::cursor::Cursor;
use super::{
    ALGORITHM, AUDIENCE, COMPONENTS, CONTENT_DIGEST, GRANT, LABEL, LIMITS, MOST_HEADERS, SIGNATURE,
    SIGNATURE_INPUT, TARGET,
};
use crate::error::Result;
use crate::model::Address;
use crate::signer::Signature;

/// What the headers of a request say; nothing of it is proven yet.
#[derive(Clone, Debug)]
pub struct AuthHeaders {
    pub(in super::super) body: BodyDigest,
    pub(in super::super) audience: Address,
    pub(in super::super) chain_id: u64,
    pub(in super::super) marks: Vec<u8>,
    pub(in super::super) created: i64,
    pub(in super::super) expires: i64,
    pub(in super::super) nonce: Nonce,
    pub(in super::super) signer: Address,
    pub(in super::super) signature: Signature,
    pub(in super::super) grant: Option<SignedGrant>,
}

impl AuthHeaders {
    /// Reads them from all headers of a request (at most 256; names in any case, others are passed over).
    ///
    /// # Errors
    /// `Unauthorized`: `E_AUTH_MISSING` names a header that is not there, `E_AUTH_HEADER` one that is repeated, too
    /// large or written in any other way than [`request_headers`](super::request_headers) does, `E_SIGNATURE` a
    /// signature that is not 65 bytes with `s` in the lower half and `v` 27 or 28, `E_GRANT_FORMAT` a broken grant.
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self> {
        let found = Found::collect(headers)?;
        let grant = found.optional(GRANT).map(SignedGrant::from_header).transpose()?;
        let body = read_digest(found.required(CONTENT_DIGEST)?)?;
        let (audience, chain_id) = read_audience(found.required(AUDIENCE)?)?;
        let marks = read_marks(found.required(TARGET)?)?;
        let input = Input::read(found.required(SIGNATURE_INPUT)?, grant.is_some())?;
        let signature = read_signature(found.required(SIGNATURE)?)?;
        let Input { created, expires, nonce, signer } = input;
        Ok(Self { body, audience, chain_id, marks, created, expires, nonce, signer, signature, grant })
    }

    /// The account whose key is said to have signed.
    #[must_use]
    pub fn claimed_signer(&self) -> Address {
        self.signer
    }

    /// The account in whose name the request is said to act: for a rate limit before the signature is checked.
    #[must_use]
    pub fn claimed_account(&self) -> Address {
        self.grant.as_ref().map_or(self.signer, |grant| grant.grant.account)
    }

    /// The digest that the body is said to have.
    #[must_use]
    pub fn claimed_body(&self) -> BodyDigest {
        self.body
    }
}

/// The values of our headers, each once, in the order of [`LIMITS`].
struct Found<'a>([Option<&'a str>; LIMITS.len()]);

impl<'a> Found<'a> {
    fn collect(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self> {
        let mut found = [None; LIMITS.len()];
        for (count, (name, value)) in headers.into_iter().enumerate() {
            if count >= MOST_HEADERS {
                let why = format!("the request has more than {MOST_HEADERS} headers");
                return Err(refused("E_AUTH_HEADER", why).with_hint("send fewer"));
            }
            let known =
                LIMITS.iter().zip(&mut found).find(|((known, _), _)| known.eq_ignore_ascii_case(name));
            let Some(((name, limit), place)) = known else { continue };
            let bad = |why: String| {
                refused("E_AUTH_HEADER", format!("{name} {why}"))
                    .with_hint("write the header exactly as docs/requests.md shows")
                    .with("header", name)
            };
            if value.len() > *limit {
                return Err(bad(format!("has {} bytes, at most {limit} are read", value.len())));
            }
            let text = std::str::from_utf8(value).ok().filter(|text| is_printable(text));
            let text = text.ok_or_else(|| bad("has bytes that are not printable ASCII".to_owned()))?;
            if place.replace(text).is_some() {
                return Err(bad("comes more than once".to_owned()));
            }
        }
        Ok(Self(found))
    }

    fn optional(&self, name: &str) -> Option<&'a str> {
        LIMITS.iter().zip(self.0).find(|((known, _), _)| *known == name).and_then(|(_, value)| value)
    }

    fn required(&self, name: &'static str) -> Result<&'a str> {
        self.optional(name).ok_or_else(|| {
            refused("E_AUTH_MISSING", format!("the header {name} is missing"))
                .with_hint("sign the request; docs/requests.md shows how")
                .with("header", name)
        })
    }
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn read_digest(text: &str) -> Result<BodyDigest> {
    let mut cursor = Cursor::new(CONTENT_DIGEST, text);
    cursor.literal("sha-256=")?;
    let digest = <[u8; 32]>::try_from(cursor.bytes()?);
    cursor.end()?;
    digest
        .map(BodyDigest::new)
        .map_err(|_| Cursor::new(CONTENT_DIGEST, text).expected("a digest of 32 bytes"))
}

fn read_audience(text: &str) -> Result<(Address, u64)> {
    let mut cursor = Cursor::new(AUDIENCE, text);
    let audience = read_address(&mut cursor)?;
    cursor.literal(";chain=")?;
    let chain = cursor.integer()?;
    cursor.end()?;
    let chain =
        u64::try_from(chain).map_err(|_| Cursor::new(AUDIENCE, text).expected("a chain id above zero"))?;
    Ok((audience, chain))
}

fn read_marks(text: &str) -> Result<Vec<u8>> {
    let mut cursor = Cursor::new(TARGET, text);
    let marks = cursor.bytes()?;
    cursor.end()?;
    if marks.len() == 32 {
        Ok(marks)
    } else {
        Err(Cursor::new(TARGET, text).expected("four marks of 8 bytes"))
    }
}

fn read_signature(text: &str) -> Result<Signature> {
    let mut cursor = Cursor::new(SIGNATURE, text);
    cursor.literal(LABEL)?;
    cursor.literal("=")?;
    let bytes = cursor.bytes()?;
    cursor.end()?;
    let signature = Signature::from_bytes(&bytes)
        .map_err(|error| error.with_hint("write r, s and v: 65 bytes, s in the lower half, v 27 or 28"))?;
    if signature.as_bytes().as_slice() != bytes {
        return Err(refused("E_SIGNATURE", "the last byte of a request's signature is not 27 or 28")
            .with_hint("write v as 27 or 28"));
    }
    Ok(signature)
}

fn read_address(cursor: &mut Cursor<'_>) -> Result<Address> {
    let text = cursor.quoted()?;
    let address = text.parse::<Address>().ok().filter(|address| address.to_string() == text);
    address.ok_or_else(|| cursor.expected(&format!("an address with its checksum before this, not {text:?}")))
}

/// The parameters of `Signature-Input`.
struct Input {
    created: i64,
    expires: i64,
    nonce: Nonce,
    signer: Address,
}

impl Input {
    fn read(text: &str, with_grant: bool) -> Result<Self> {
        let mut cursor = Cursor::new(SIGNATURE_INPUT, text);
        cursor.literal(LABEL)?;
        cursor.literal("=(")?;
        cursor.literal(COMPONENTS)?;
        if cursor.optional(&format!(" \"{GRANT}\"")) != with_grant {
            let why = format!("{SIGNATURE_INPUT} names {GRANT} exactly where that header is sent");
            return Err(refused("E_AUTH_HEADER", why)
                .with_hint("send the grant for which the request was signed, or sign without one")
                .with("header", GRANT));
        }
        cursor.literal(");created=")?;
        let created = cursor.integer()?;
        cursor.literal(";expires=")?;
        let expires = cursor.integer()?;
        cursor.literal(";nonce=")?;
        let nonce =
            cursor.quoted()?.parse::<Nonce>().map_err(|error| error.with("header", SIGNATURE_INPUT))?;
        cursor.literal(";keyid=")?;
        let signer = read_address(&mut cursor)?;
        cursor.literal(&format!(";alg=\"{ALGORITHM}\""))?;
        cursor.end()?;
        Ok(Self { created, expires, nonce, signer })
    }
}
