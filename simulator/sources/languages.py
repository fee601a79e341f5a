"""How date-range reports are written in each marketplace: headers, words, dates and numbers.

Headers and words are those that public readers of real files know (see `tieout`'s own collection in
tests/reports/golden_families for files of Australia, Germany, France, Japan and the United States).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

Kind = str
"""Order, Refund, Chargeback, Guarantee, Retrocharge, Service, Inventory, Adjustment, Transfer, Debt, Other."""

_PACIFIC = ZoneInfo("America/Los_Angeles")
_TOKYO = dt.timezone(dt.timedelta(hours=9))

_KINDS = (
    "Order", "Refund", "Chargeback", "Guarantee", "Retrocharge", "Service", "Inventory", "Adjustment", "Transfer", "Debt",
)  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "en": (
        "Order", "Refund", "Chargeback Refund", "A-to-z Guarantee Claim", "Order_Retrocharge", "Service Fee",
        "FBA Inventory Fee", "Adjustment", "Transfer", "Debt",
    ),
    "de": (
        "Bestellung", "Erstattung", "Erstattung durch Rückbuchung", "A-bis-z-Garantieantrag", "Nachbelastung",
        "Servicegebühr", "Versand durch Amazon Lagergebühr", "Anpassung", "Übertrag", "Schulden",
    ),
    "fr": (
        "Commande", "Remboursement", "Rétrofacturation", "Réclamation Garantie A à Z", "Refacturation",
        "Frais de service", "Frais de stock Expédié par Amazon", "Ajustement", "Transfert", "Solde négatif",
    ),
    "it": (
        "Ordine", "Rimborso", "Rimborso di chargeback", "Reclamo Garanzia dalla A alla Z", "Riaddebito",
        "Commissione di servizio", "Costo di stoccaggio Logistica di Amazon", "Modifica", "Trasferimento", "Saldo negativo",
    ),
    "es": (
        "Pedido", "Reembolso", "Devolución de cargo", "Reclamación de Garantía de la A a la Z", "Recargo",
        "Tarifas de prestación de servicio", "Tarifas de inventario de Logística de Amazon", "Ajuste", "Transferir",
        "Saldo negativo",
    ),
    "pt": (
        "Pedido", "Reembolso", "Estorno", "Reivindicação de Garantia de A a Z", "Recobrança", "Taxa de serviço",
        "Taxa de estoque do FBA", "Ajuste", "Transferir", "Débito",
    ),
    "nl": (
        "Bestelling", "Terugbetaling", "Terugboeking", "A-tot-Z-garantieclaim", "Nabelasting", "Servicekosten",
        "Voorraadkosten FBA", "Aanpassing", "Overboeking", "Schuld",
    ),
    "sv": (
        "Beställning", "Återbetalning", "Återkrav", "A till Ö-garanti", "Efterdebitering", "Serviceavgift",
        "FBA-lageravgift", "Justering", "Överföring", "Skuld",
    ),
    "pl": (
        "Zamówienie", "Zwrot kosztów", "Obciążenie zwrotne", "Roszczenie A-do-z", "Dopłata", "Opłata za usługę",
        "Opłata za zapasy FBA", "Korekta", "Przelew", "Dług",
    ),
    "tr": (
        "Sipariş", "Para İadesi", "Ters ibraz", "A'dan Z'ye Garanti Talebi", "Ek tahsilat", "Hizmet Ücreti",
        "Amazon Lojistik Stok Ücreti", "Ayarlama", "Aktarım", "Borç",
    ),
    "ja": (
        "注文", "返金", "チャージバック返金", "Amazonマーケットプレイス保証の申請", "注文の追徴", "注文外料金",
        "FBA 在庫関連の手数料", "調整", "振込み", "債務",
    ),
}  # fmt: skip
_STATUS_WORDS = {
    "en": ("Released", "Deferred"), "de": ("Freigegeben", "Aufgeschoben"), "fr": ("Libérée", "Différée"),
    "it": ("Rilasciata", "Differita"), "es": ("Liberada", "Diferida"),
}  # fmt: skip

_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "en-long": "January February March April May June July August September October November December",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "sv": "jan feb mars apr maj juni juli aug sep okt nov dec",
    "pl": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "tr": "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara",
}

Columns = tuple[tuple[str, str], ...]
"""A header and what stands below it, by a field's name."""

_HEAD_FIELDS = (
    "posted", "settlement_id", "type", "order_id", "sku", "description", "quantity", "marketplace", "fulfillment",
    "order_city", "order_state", "order_postal",
)  # fmt: skip
_TAXED_FIELDS = (
    "tax_collection_model", "product_sales", "product_sales_tax", "shipping_credits", "shipping_credits_tax",
    "gift_wrap_credits", "gift_wrap_credits_tax", "promotional_rebates", "promotional_rebates_tax",
    "marketplace_withheld_tax", "selling_fees", "fba_fees", "other_transaction_fees", "other", "total",
)  # fmt: skip
_PLAIN_FIELDS = (
    "product_sales", "shipping_credits", "gift_wrap_credits", "promotional_rebates", "sales_tax_collected",
    "marketplace_facilitator_tax", "selling_fees", "fba_fees", "other_transaction_fees", "other", "total",
)  # fmt: skip
_STATUS_FIELDS = ("transaction_status", "transaction_release")


def _columns(fields: tuple[str, ...], names: str) -> Columns:
    spelled = [each.strip() for each in names.split("|")]
    assert len(spelled) == len(fields), (len(spelled), len(fields), names)
    return tuple(zip(spelled, fields, strict=True))


_US = _columns(
    (*_HEAD_FIELDS[:8], "account_type", *_HEAD_FIELDS[8:], *_TAXED_FIELDS[:7], "regulatory_fee", "tax_on_regulatory_fee",
     *_TAXED_FIELDS[7:], *_STATUS_FIELDS),
    "date/time|settlement id|type|order id|sku|description|quantity|marketplace|account type|fulfillment|order city|"
    "order state|order postal|tax collection model|product sales|product sales tax|shipping credits|shipping credits tax|"
    "gift wrap credits|giftwrap credits tax|Regulatory Fee|Tax On Regulatory Fee|promotional rebates|"
    "promotional rebates tax|marketplace withheld tax|selling fees|fba fees|other transaction fees|other|total|"
    "Transaction Status|Transaction Release Date",
)  # fmt: skip
_UK = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS, *_STATUS_FIELDS),
    "date/time|settlement id|type|order id|sku|description|quantity|marketplace|fulfilment|order city|order state|"
    "order postal|tax collection model|product sales|product sales tax|postage credits|shipping credits tax|"
    "gift wrap credits|giftwrap credits tax|promotional rebates|promotional rebates tax|marketplace withheld tax|"
    "selling fees|fba fees|other transaction fees|other|total|Transaction Status|Transaction Release Date",
)
_AU = _columns(
    (*_HEAD_FIELDS, "product_sales", "shipping_credits", "gift_wrap_credits", "promotional_rebates",
     "sales_tax_collected", "low_value_goods", "selling_fees", "fba_fees", "other_transaction_fees", "other", "total",
     *_STATUS_FIELDS),
    "date/time|settlement ID|type|order ID|sku|description|quantity|marketplace|fulfilment|order city|order state|"
    "order postal|product sales|shipping credits|gift wrap credits|promotional rebates|sales tax collected|"
    "low value goods|selling fees|fulfilment by amazon fees|other transaction fees|other|total|Transaction status|"
    "Transaction Release Date",
)  # fmt: skip
_INDIA = _columns(
    (*_HEAD_FIELDS[:8], "account_type", *_HEAD_FIELDS[8:], "product_sales", "shipping_credits", "gift_wrap_credits",
     "promotional_rebates", "sales_tax_liable", "tcs_cgst", "tcs_sgst", "tcs_igst", "tds_section_194_o", "selling_fees",
     "fba_fees", "other_transaction_fees", "other", "total"),
    "date/time|settlement id|type|order id|Sku|description|quantity|marketplace|account type|fulfillment|order city|"
    "order state|order postal|product sales|shipping credits|gift wrap credits|promotional rebates|"
    "Total sales tax liable(GST before adjusting TCS)|TCS-CGST|TCS-SGST|TCS-IGST|TDS (Section 194-O)|selling fees|"
    "fba fees|other transaction fees|other|total",
)  # fmt: skip
_GERMAN = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS, *_STATUS_FIELDS),
    "Datum/Uhrzeit|Abrechnungsnummer|Typ|Bestellnummer|SKU|Beschreibung|Menge|Marketplace|Versand|Ort der Bestellung|"
    "Bundesland|Postleitzahl|Steuererhebungsmodell|Umsätze|Produktumsatzsteuer|Gutschrift für Versandkosten|"
    "Steuer auf Versandgutschrift|Gutschrift für Geschenkverpackung|Steuer auf Geschenkverpackungsgutschriften|"
    "Rabatte aus Werbeaktionen|Steuer auf Aktionsrabatte|Einbehaltene Steuer auf Marketplace|Verkaufsgebühren|"
    "Gebühren zu Versand durch Amazon|Andere Transaktionsgebühren|Andere|Gesamt|Transaktionsstatus|"
    "Freigabedatum der Transaktion",
)
_FRENCH = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS, *_STATUS_FIELDS),
    "date/heure|numéro de versement|type|numéro de la commande|sku|description|quantité|Marketplace|traitement|"
    "ville d'où provient la commande|Région d'où provient la commande|code postal de la commande|"
    "Modèle de perception des taxes|ventes de produits|Taxes sur la vente des produits|crédits d'expédition|"
    "taxe sur les crédits d’expédition|crédits sur l'emballage cadeau|Taxes sur les crédits cadeaux|"
    "Rabais promotionnels|Taxes sur les remises promotionnelles|Taxes retenues sur le site de vente|frais de vente|"
    "Frais Expédié par Amazon|autres frais de transaction|autre|total|Statut de la transaction|"
    "Date de sortie de la transaction",
)
_ITALIAN = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS, *_STATUS_FIELDS),
    "Data/Ora:|Numero pagamento|Tipo|Numero ordine|SKU|Descrizione|Quantità|Marketplace|Gestione|"
    "Città di provenienza dell'ordine|Provincia di provenienza dell'ordine|CAP dell'ordine|"
    "modello di riscossione delle imposte|Vendite|imposta sulle vendite dei prodotti|Accrediti per le spedizioni|"
    "imposta accrediti per le spedizioni|Accrediti per confezioni regalo|imposta sui crediti confezione regalo|"
    "Sconti promozionali|imposta sugli sconti promozionali|trattenuta IVA del marketplace|Commissioni di vendita|"
    "Costi del servizio Logistica di Amazon|Altri costi relativi alle transazioni|Altro|totale|"
    "Stato della transazione|Data di rilascio della transazione",
)
_SPANISH = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS, *_STATUS_FIELDS),
    "fecha y hora|identificador de pago|tipo|número de pedido|sku|descripción|cantidad|web de Amazon|gestión logística|"
    "ciudad de procedencia del pedido|comunidad autónoma de procedencia del pedido|"
    "código postal de procedencia del pedido|Formulario de recaudación de impuestos|ventas de productos|"
    "impuesto de ventas de productos|abonos de envío|impuestos por abonos de envío|abonos de envoltorio para regalo|"
    "impuestos por abonos de envoltorio para regalo|devoluciones promocionales|"
    "impuestos de descuentos por promociones|impuesto retenido en el sitio web|tarifas de venta|"
    "tarifas de Logística de Amazon|tarifas de otras transacciones|otro|total|Estado de la transacción|"
    "Fecha de liberación de la transacción",
)
_MEXICAN = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS),
    "fecha/hora|Id. de liquidación|tipo|Id. del pedido|sku|descripción|cantidad|mercado|cumplimiento|ciudad del pedido|"
    "estado del pedido|código postal del pedido|modelo de recaudación de impuestos|ventas de productos|"
    "impuesto de ventas de productos|créditos de envío|impuesto de abono de envío|"
    "créditos por envoltorio de regalo|impuesto de créditos de envoltura|descuentos promocionales|"
    "impuesto de reembolsos promocionales|impuesto de retenciones en la plataforma|tarifas de venta|tarifas fba|"
    "tarifas de otra transacción|otro|total",
)
_BRAZILIAN = _columns(
    ("posted", "type", "order_id", "sku", "description", "quantity", "marketplace", "fulfillment", "product_sales",
     "sales_tax_collected", "shipping_credits", "gift_wrap_credits", "promotional_rebates", "selling_fees", "fba_fees",
     "other_transaction_fees", "other", "total"),
    "data/hora|tipo|id do pedido|sku|descrição|quantidade|mercado|atendimento|vendas do produto|"
    "imposto de vendas coletados|créditos de remessa|créditos de embalagem de presente|descontos promocionais|"
    "tarifas de venda|taxas fba|taxas de outras transações|outro|total",
)  # fmt: skip
_DUTCH = _columns(
    (*_HEAD_FIELDS, *_PLAIN_FIELDS),
    "datum/tijd|schikkings-ID|type|bestelnummer|sku|beschrijving|aantal|marketplace|levering|plaats bestelling|"
    "staat bestelling|postcode bestelling|verkoop van producten|verzendtegoeden|kredietpunten cadeauverpakking|"
    "promotiekortingen|sales tax collected|Belasting voor marketplace-facilitator|verkoopkosten|fba-vergoedingen|"
    "overige transactiekosten|overige|totaal",
)
_SWEDISH = _columns(
    (*_HEAD_FIELDS, *_PLAIN_FIELDS),
    "datum/tid|reglerings-id|typ|beställnings-id|sku|beskrivning|antal|marknadsplats|leverans|stad för beställning|"
    "delstat för beställning|postadress för beställning|försäljning av produkter|fraktkrediter|"
    "krediter för presentinslagning|kampanjrabatter|inkasserad moms|Skatt för marknadsplatsförmedlare|"
    "försäljningsavgifter|fba-avgifter|övriga transaktionsavgifter|övrigt|totalt",
)
_POLISH = _columns(
    (*_HEAD_FIELDS, *_PLAIN_FIELDS),
    "data/godzina|identyfikator rozliczenia|typ|identyfikator zamówienia|sku|opis|ilość|rynek|realizacja|"
    "miejscowość zamówienia|stan zamówienia|przekaz pocztowy|sprzedaż produktów|noty kredytowe za wysyłkę|"
    "środki na pokrycie pakowania na prezent|rabaty promocyjne|pobrany podatek od sprzedaży|"
    "Podatek od transakcji marketplace facilitator|opłaty za sprzedaż|opłaty za FBA|inne opłaty transakcyjne|inne|suma",
)
_TURKISH = _columns(
    ("posted", "type", "order_id", "sku", "description", "quantity", "marketplace", "fulfillment", "product_sales",
     "shipping_credits", "promotional_rebates", "selling_fees", "fba_fees", "other_transaction_fees", "other", "total"),
    "tarih/saat|tip|sipariş no.|sku|açıklama|adet|pazar yeri|gönderim|ürün satışları|kargo kredileri|"
    "promosyon indirimleri|satış ücretleri|Amazon Lojistik ücretleri|diğer işlem ücretleri|diğer|toplam",
)  # fmt: skip
_JAPANESE = _columns(
    (*_HEAD_FIELDS, *_TAXED_FIELDS[:7], "amazon_points", *_TAXED_FIELDS[7:]),
    "日付/時間|決済番号|トランザクションの種類|注文番号|SKU|説明|数量|Amazon 出品サービス|フルフィルメント|市町村|都道府県|"
    "郵便番号|税金徴収型|商品売上|商品の売上税|配送料|配送料の税金|ギフト包装手数料|ギフト包装クレジットの税金|"
    "Amazonポイントの費用|プロモーション割引額|プロモーション割引の税金|源泉徴収税を伴うマーケットプレイス|手数料|"
    "FBA 手数料|トランザクションに関するその他の手数料|その他|合計",
)


@dataclass(frozen=True)
class Language:
    """How the files of a marketplace are written.

    :param above: the lines above the header; `{currency}` is the code.
    :param moment: writes an instant.
    """

    name: str
    columns: Columns
    above: tuple[str, ...]
    moment: Callable[[dt.datetime], str]
    decimal: str = "."
    thousands: str = ","
    mark: bool = False
    """Whether the file begins with a byte-order mark."""

    def kind(self, kind: Kind) -> str:
        """The word for a kind of transaction; an unknown one stands for itself."""
        return _WORDS[self.name][_KINDS.index(kind)] if kind in _KINDS else kind

    def status(self, *, released: bool) -> str:
        """The word for Released or Deferred."""
        return _STATUS_WORDS.get(self.name, _STATUS_WORDS["en"])[0 if released else 1]

    @property
    def tells_status(self) -> bool:
        """Whether the file says what is deferred; one that does not has only what is released."""
        return any(field == "transaction_status" for _, field in self.columns)

    @property
    def tells_settlement(self) -> bool:
        """Whether the file names the settlement of a row."""
        return any(field == "settlement_id" for _, field in self.columns)

    def number(self, plain: str) -> str:
        """A number with the language's separators: `-1.141,18`."""
        sign, digits = ("-", plain[1:]) if plain.startswith("-") else ("", plain)
        whole, _, fraction = digits.partition(".")
        grouped = f"{int(whole):,}".replace(",", self.thousands)
        return sign + grouped + (self.decimal + fraction if fraction else "")


def _named(months: str, zone: dt.tzinfo = dt.UTC, text: str = "UTC") -> Callable[[dt.datetime], str]:
    names = _MONTHS[months].split()

    def write(moment: dt.datetime) -> str:
        local = moment.astimezone(zone)
        return f"{local.day} {names[local.month - 1]} {local.year} {local:%H:%M:%S} {text}"

    return write


def _american(halves: tuple[str, str]) -> Callable[[dt.datetime], str]:
    names = _MONTHS["en"].split()

    def write(moment: dt.datetime) -> str:
        local = moment.astimezone(_PACIFIC)
        hour = local.hour % 12 or 12
        half = halves[local.hour >= 12]
        return f"{names[local.month - 1]} {local.day}, {local.year} {hour}:{local:%M:%S} {half} {local.tzname()}"

    return write


def _australian(moment: dt.datetime) -> str:
    # whoever downloaded it sits in Tokyo
    local = moment.astimezone(_TOKYO)
    hour = local.hour % 12 or 12
    month = _MONTHS["en-long"].split()[local.month - 1]
    return f"{local.day} {month} {local.year} {hour}:{local:%M:%S} {'pm' if local.hour >= 12 else 'am'} GMT+9"


def _dotted(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%d.%m.%Y %H:%M:%S} UTC"


def _japanese(moment: dt.datetime) -> str:
    local = moment.astimezone(_TOKYO)
    return f"{local:%Y/%m/%d} {local.hour}:{local:%M:%S}JST"


_ENGLISH_LINES = (
    "Includes Amazon Marketplace, Fulfillment by Amazon (FBA), and Amazon Webstore transactions",
    "All amounts in {currency}, unless specified",
    "Definitions:",
    "Sales tax collected: Includes sales tax collected from buyers for product sales, shipping, and gift wrap.",
    "Selling fees: Includes variable closing fees and referral fees.",
    "Other transaction fees: Includes shipping chargebacks, shipping holdbacks, per-item fees  and sales tax collection fees.",
    "Other: Includes non-order transaction amounts.",
)
_EN = Language("en", _UK, _ENGLISH_LINES, _named("en"))

LANGUAGES: dict[str, Language] = {
    "US": Language("en", _US, _ENGLISH_LINES, _american(("AM", "PM"))),
    "CA": Language("en", _US, _ENGLISH_LINES, _american(("a.m.", "p.m."))),
    "MX": Language("es", _MEXICAN, ("Todos los importes en {currency}, salvo que se especifique lo contrario",), _named("es")),
    "BR": Language("pt", _BRAZILIAN, ("Todos os valores em {currency}, a menos que especificado",), _named("pt"), ",", "."),
    "GB": _EN, "IE": _EN, "AE": _EN, "SA": _EN, "EG": _EN, "ZA": _EN,
    "IN": Language("en", _INDIA, _ENGLISH_LINES, _named("en")),
    "AU": Language("en", _AU, _ENGLISH_LINES, _australian),
    "SG": Language("en", _AU, _ENGLISH_LINES, _named("en")),
    "DE": Language(
        "de", _GERMAN, ("Alle Beträge in {currency} sofern nicht anders gekennzeichnet",), _dotted, ",", ".", mark=True,
    ),
    "FR": Language(
        "fr", _FRENCH, ("Tous les montants sont en {currency}, sauf mention contraire.",), _named("fr"), ",", "\u202f",
        mark=True,
    ),
    "BE": Language(
        "fr", _FRENCH, ("Tous les montants sont en {currency}, sauf mention contraire.",), _named("fr"), ",", "\u00a0",
    ),
    "IT": Language("it", _ITALIAN, ("Tutti gli importi in {currency}, salvo diversa indicazione",), _named("it"), ",", ".",
                   mark=True),
    "ES": Language("es", _SPANISH, ("Todos los importes en {currency}, a menos que se indique lo contrario",), _named("es"),
                   ",", ".", mark=True),
    "NL": Language("nl", _DUTCH, ("Alle bedragen in {currency}, tenzij anders vermeld",), _named("nl"), ",", "."),
    "SE": Language("sv", _SWEDISH, ("Alla belopp i {currency}, om inget annat anges",), _named("sv"), ",", "\u00a0"),
    "PL": Language("pl", _POLISH, ("Wszystkie kwoty w {currency}, chyba że określono inaczej",), _named("pl"), ",", "\u00a0"),
    "TR": Language("tr", _TURKISH, ("Aksi belirtilmedikçe tüm tutarlar {currency} cinsindendir",), _named("tr"), ",", "."),
    "JP": Language("ja", _JAPANESE, ("指定のない場合、単位は円",), _japanese),
}  # fmt: skip
"""By marketplace."""
