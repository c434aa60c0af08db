"""Sentences to be read by synthetic voices, written for this purpose; words are shuffled between them, numbers are mixed in."""

from __future__ import annotations

import random
from typing import Final

SENTENCES: Final[dict[str, str]] = {
    "en-us": """The people upstairs move their piano every Thursday. Please bring both umbrellas before five. My mother bakes brown bread
        for breakfast. Would you rather watch the whales or feed the puppies? A small boy jumped over the muddy puddle. We found
        eleven purple flowers above the village. Father always shaves in the morning while he whistles. How far away is the harbour
        from here? Nobody believed what the famous pilot wrote about the moon. I think this weather will change soon, perhaps by
        evening. Could you show me the way to the nearest pharmacy? She measures the temperature of the pool every hour. The
        judge laughed at the usual joke and poured more coffee. Vivid visions of the future fill the book. Push the button, wait for the
        beep and leave a message after the tone. Young musicians from Europe play jazz outdoors. What a beautiful view of the river!
        Baby bumblebees buzz about the blooming bushes. Ships pass slowly through the foggy bay. You have reached the maximum number.""",
    "en-gb": """Bob's plumber promised to mend the pipe by Monday afternoon. It is far too warm for a heavy coat. Several visitors
        forgot their umbrellas on the bus. Whose book is lying under the table? The farmer's wife grows wonderful roses.""",
    "de": """Meine Mutter backt am Samstag braunes Brot. Fünf Freunde fuhren mit dem Fahrrad zum Bahnhof. Wie viel Uhr ist es bitte?
        Über den Wolken muss die Freiheit wohl grenzenlos sein, dachte er. Der Bäcker verkauft warme Brötchen und süße Kuchen. Ich möchte
        gern ein Zimmer mit Blick auf die Berge. Plötzlich begann es heftig zu regnen. Zwölf Boxkämpfer jagen quer über den
        großen Platz. Warum hast du mich gestern Abend nicht angerufen?""",
    "fr": """Ma grand-mère prépare une bonne soupe aux poireaux. Pourriez-vous m'indiquer le chemin de la gare? Il pleut beaucoup depuis
        ce matin. Nous avons bu un peu de vin blanc au bord du fleuve. Mon frère aime les films en noir et blanc. Voulez-vous
        venir avec nous au marché demain? Un bon pain frais vaut mieux que deux gâteaux.""",
    "es": """Mi abuela prepara una buena sopa de pescado. Buenos días, quisiera pagar la habitación. El perro de mi primo ladra por la
        mañana. Vamos a bailar juntos en la fiesta del pueblo. ¿Por qué no vienes conmigo al mercado? Hace mucho viento y la lluvia
        moja las ventanas. Pablo bebe un vaso de agua fría.""",
    "it": """La mamma prepara una buona zuppa di pesce. Domani mattina partiamo per il mare con gli amici. Quanto costa questo bel
        vestito bianco? Il bambino beve volentieri il latte freddo. Puoi aprire la finestra, per favore? Ieri sera abbiamo visto un
        film molto bello. Giuseppe porta sempre un cappello verde.""",
    "pt-br": """Minha avó prepara um bolo de fubá maravilhoso. Você pode abrir a janela, por favor? O menino bebe água fria na
        varanda. Amanhã vamos passear pela praia com os amigos. Que horas parte o próximo ônibus para a cidade?""",
    "pl": """Moja babcia piecze pyszny chleb z makiem. Proszę otworzyć okno, bo jest bardzo gorąco. Wczoraj wieczorem padał mocny
        deszcz. Gdzie znajduje się najbliższa apteka? Chłopiec bawi się piłką w parku przed domem.""",
    "ru": """Моя бабушка печёт вкусный хлеб. Откройте, пожалуйста, окно, здесь очень жарко. Вчера вечером шёл сильный дождь. Мальчик
        пьёт молоко и смотрит в окно. Во сколько отправляется поезд в Москву? Мы вместе поём песни у реки.""",
    "cs": """Babička peče výborný chléb s makem. Otevřete prosím okno, je tu velké horko. Včera večer pršelo a foukal vítr. Můj bratr
        pije vodu a hraje fotbal. Kde je nejbližší lékárna?""",
    "nl": """Mijn moeder bakt elke zaterdag bruin brood. Wilt u het raam openen, het is hier erg warm. De buurman fietst vandaag naar
        zijn werk. Hoe laat vertrekt de volgende trein naar Amsterdam? Wij vieren morgen een groot feest.""",
    "sv": """Min mormor bakar gott bröd varje lördag. Kan du öppna fönstret, det är mycket varmt här. Pojken dricker mjölk och tittar
        på båtarna. Hur mycket kostar den blå boken? Vi promenerar vid havet på sommaren.""",
    "fi": """Isoäiti leipoo hyvää leipää joka lauantai. Voisitko avata ikkunan, täällä on kuuma. Poika juo maitoa ja katselee veneitä.
        Mihin aikaan seuraava juna lähtee Helsinkiin? Me pelaamme palloa puistossa.""",
    "tr": """Annem her sabah taze ekmek yapıyor. Lütfen pencereyi açar mısınız, burası çok sıcak. Küçük çocuk bahçede topla oynuyor.
        En yakın eczane nerede? Yarın arkadaşlarımla birlikte denize gideceğiz.""",
    "hi": """मेरी माँ रोज़ सुबह ताज़ी रोटी बनाती है। कृपया खिड़की खोल दीजिए, यहाँ बहुत गर्मी है। छोटा बच्चा बगीचे में गेंद से खेल रहा है। अगली
        रेलगाड़ी कितने बजे जाएगी? हम कल दोस्तों के साथ बाज़ार जाएँगे।""",
    "cmn": """我的妈妈每天早上做面包。请把窗户打开,这里很热。小男孩在公园里玩皮球。最近的药店在哪里?明天我们跟朋友一起去海边。
        爸爸不怕冷,喜欢喝白开水。""",
    "ja": """わたしの はは は まいあさ パン を やきます。まど を あけて ください、とても あつい です。おとこのこ が こうえん で ボール で
        あそんで います。つぎ の でんしゃ は なんじ に でますか。あした ともだち と うみ へ いきます。""",
    "ko": """우리 어머니는 매일 아침 빵을 만드십니다. 창문을 열어 주세요, 여기는 너무 덥습니다. 아이가 공원에서 공을 가지고 놉니다.
        가장 가까운 약국이 어디에 있습니까? 내일 친구들과 함께 바다에 갑니다.""",
    "ar": """أمي تصنع الخبز كل صباح. من فضلك افتح النافذة، الجو حار هنا. الولد يلعب بالكرة في الحديقة. أين أقرب صيدلية؟ غدا نذهب مع
        الأصدقاء إلى البحر.""",
    "el": """Η γιαγιά μου φτιάχνει νόστιμο ψωμί. Παρακαλώ ανοίξτε το παράθυρο, κάνει πολλή ζέστη. Το αγόρι παίζει με την μπάλα στον
        κήπο. Πού είναι το πιο κοντινό φαρμακείο; Αύριο πηγαίνουμε στη θάλασσα.""",
    "hu": """Nagymamám minden szombaton finom kenyeret süt. Kérem, nyissa ki az ablakot, nagyon meleg van. A kisfiú labdával játszik
        a parkban. Hol van a legközelebbi gyógyszertár? Holnap a barátainkkal a tóhoz megyünk.""",
    "ro": """Bunica mea face o pâine foarte bună. Vă rog să deschideți fereastra, e prea cald. Băiatul se joacă cu mingea în parc. Unde
        este cea mai apropiată farmacie? Mâine plecăm la mare cu prietenii.""",
    "vi": """Mẹ tôi nướng bánh mì mỗi buổi sáng. Xin mở cửa sổ ra, ở đây rất nóng. Cậu bé chơi bóng trong công viên. Hiệu thuốc gần nhất
        ở đâu? Ngày mai chúng tôi đi biển với bạn bè.""",
    "id": """Ibu saya membuat roti setiap pagi. Tolong buka jendelanya, di sini panas sekali. Anak kecil itu bermain bola di taman. Di
        mana apotek yang paling dekat? Besok kami pergi ke pantai bersama teman.""",
    "sw": """Mama yangu hupika mkate kila asubuhi. Tafadhali fungua dirisha, hapa ni joto sana. Mvulana anacheza mpira bustanini. Duka
        la dawa liko wapi? Kesho tutaenda baharini na marafiki.""",
    "uk": """Моя бабуся пече смачний хліб. Відчиніть, будь ласка, вікно, тут дуже спекотно. Хлопчик п'є молоко і дивиться на човни. Де
        найближча аптека? Завтра ми поїдемо з друзями до моря.""",
    "da": """Min mormor bager godt brød hver lørdag. Vil du åbne vinduet, her er meget varmt. Drengen drikker mælk og ser på bådene. Hvor
        ligger det nærmeste apotek? Vi går en tur ved havet.""",
    "ta": """என் அம்மா தினமும் காலையில் ரொட்டி செய்கிறார். தயவுசெய்து ஜன்னலைத் திறக்கவும், இங்கே மிகவும் வெப்பமாக உள்ளது. சிறுவன் பூங்காவில் பந்து
        விளையாடுகிறான். நாளை நண்பர்களுடன் கடலுக்குப் போகிறோம்.""",
}
"""By eSpeak NG's name of the language."""

TEST_SENTENCES: Final[dict[str, str]] = {
    "de": "Im Frühling blühen vor unserem Haus bunte Blumen. Am Abend möchte ich ein gutes Buch lesen und Pfefferminztee trinken.",
    "fr": "Au printemps, les fleurs poussent devant notre maison. Le soir, je bois volontiers une tasse de thé en lisant un livre.",
    "es": "En primavera crecen flores delante de nuestra casa. Por la noche me gusta beber una taza de té y leer un buen libro.",
    "pt-br": "Na primavera crescem flores na frente da nossa casa. À noite gosto de beber uma xícara de chá e ler um bom livro.",
    "pl": "Wiosną przed naszym domem rosną piękne kwiaty. Wieczorem lubię wypić filiżankę herbaty i poczytać dobrą książkę.",
    "tr": "İlkbaharda evimizin önünde çiçekler büyür. Akşamları bir fincan çay içip güzel bir kitap okumayı severim.",
    "hi": "वसंत में हमारे घर के सामने फूल खिलते हैं। शाम को मैं एक प्याला चाय पीना और अच्छी किताब पढ़ना पसंद करता हूँ।",
    "cmn": "春天我们家门前开满了花。晚上我喜欢喝一杯茶,读一本好书。",
}
"""Read by voices kept from training, for the report; none of these sentences is trained on."""


def words_of(language: str) -> list[str]:
    """The words of a language's sentences; of languages written without spaces, pieces of sentences."""
    text = SENTENCES[language]
    if language == "cmn":
        return [piece for piece in text.replace("。", ",").replace("?", ",").replace("\n", "").split(",") if piece.strip()]
    return text.split()


def line(language: str, chance: random.Random, words: list[str]) -> str:
    """A line of shuffled words, now and then a number among them, now and then a pause."""
    count = chance.randint(2, 3) if language == "cmn" else chance.randint(4, 11)
    picked = [chance.choice(words).strip() for _ in range(count)]
    if chance.random() < 0.25:
        picked.insert(chance.randrange(len(picked) + 1), str(chance.choice([chance.randint(0, 99), chance.randint(100, 9999)])))
    joined = ("," if language == "cmn" else " ").join(picked)
    return joined + chance.choice([".", ".", "?", "!"])
